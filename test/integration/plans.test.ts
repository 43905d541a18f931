import { reconcileDue, sweepVerifications } from '@latchkey/intake';
import { expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, inSeconds, ivrEvent } from '../support/events.ts';
import { type IntakeDesk, openIntakeDesk } from '../support/intake-desk.ts';

const ROWS = 20_000;
const BATCH = 300;
const LANES = 2;

const GROWING = [
  'inbox',
  'inbox__',
  'inbox___',
  'fact',
  'identity',
  'engagement',
  'account',
  'assignment',
  'correlation_key',
  'verification%',
  'audit_entry%',
  'review',
  'dead_letter',
  'conflict',
  'outbox',
];

/** What an installation looks like after a while, before the server has looked at it. */
async function fill({ query }: TestDatabase): Promise<void> {
  await query(`
    insert into inbox (event_id, fingerprint)
      select 'urn:x#' || n, sha256(n::text::bytea) from generate_series(1, ${ROWS}) as n;
    insert into identity (identity_id, source, external_id)
      select md5(n::text)::uuid, 'urn:x', 'p' || n from generate_series(1, ${ROWS}) as n;
    insert into fact (event_id, fingerprint, identity_id, source, kind, engagement, source_order, data)
      select 'urn:x#' || n, sha256(n::text::bytea), md5(n::text)::uuid, 'urn:x', 'joined', 'E' || n, n, '{}'
      from generate_series(1, ${ROWS}) as n;
    insert into correlation_key (kind, value, external_id)
      select 'engagement', 'urn:x#E' || n, 'p' || n from generate_series(1, ${ROWS}) as n;
    insert into account (account_id, identity_id, target, state, user_name, attributes, generation)
      select md5('a' || n)::uuid, md5(n::text)::uuid, 'directory', 'enabled', 'p' || n, '{}', 1
      from generate_series(1, ${ROWS}) as n;
    insert into assignment (account_id, entitlement, identity_id, target, reasons)
      select md5('a' || n)::uuid, 'everyone', md5(n::text)::uuid, 'directory', '[{}]'
      from generate_series(1, ${ROWS}) as n;
    insert into verification (verification_id, state)
      select 'old' || n, 'verified' from generate_series(1, ${ROWS}) as n;
    insert into verification_attempt (verification_id, attempt, state)
      select 'old' || n, 'a1', 'verified' from generate_series(1, ${ROWS}) as n;
    insert into verification_failure (subject, purpose)
      select 'p' || n, 'callback' from generate_series(1, ${ROWS}) as n;
    insert into outbox (lane, position, ce_id, key, headers, payload, generation)
      select lane, 1000 + n, md5(lane || 'o' || n)::uuid, 'k', '{}', '{}', 1
      from outbox_lane, generate_series(1, ${ROWS / 20}) as n`);
}

interface Reads {
  /** Rows read by sequential scans of tables that grow. */
  readonly scanned: number;
  /** Descents of the outbox's index. */
  readonly outboxDescents: number;
}

async function readsOf({ query }: TestDatabase): Promise<Reads> {
  const [reads] = await query<Reads & Record<string, number>>(
    `select coalesce(sum(seq_tup_read), 0)::float8 as scanned,
      coalesce(sum(idx_scan) filter (where relname = 'outbox'), 0)::float8 as "outboxDescents"
     from pg_stat_user_tables where relname like any ($1)`,
    [GROWING],
  );
  if (reads === undefined) throw new Error('no statistics');
  return reads;
}

function joined(person: string, endsAt: string): ReturnType<typeof hrEvent> {
  const data = { startsAt: inDays(-9), endsAt, attributes: employee('Sales') };
  return hrEvent('joined', person, 1, data);
}

/** Whether the plans were made for empty tables, or with statistics of full ones. */
const PLANNED = [
  { when: 'planned on empty tables', plansBefore: true },
  { when: 'planned on full tables', plansBefore: false },
];

test.each(PLANNED)(
  'no statement of intake or of the clock, $when, reads a growing table from end to end',
  async ({ plansBefore }) => {
    await using database = await createTestDatabase();
    {
      await using desk = await openIntakeDesk(database);
      if (plansBefore) await takeAFew(desk);
      await fill(database);
      if (!plansBefore) await database.query('analyze');
      await database.query('select pg_stat_reset()');
      // Far enough ahead to be taken before, also where the machine is slow.
      const endsAt = inSeconds(6);
      const persons = Array.from({ length: BATCH }, (_, index) => `p${index}`);
      const joiners = persons.map((person) => joined(person, endsAt));
      await desk.take(joiners);
      await desk.take([
        ...joiners,
        ...persons.map((person) =>
          hrEvent('moved', person, 2, {
            effectiveAt: inDays(-2),
            attributes: { department: 'Finance' },
          }),
        ),
        hrEvent('joined', 'broken', 1, {}),
        { ...joined('p0', endsAt), id: joiners[0]?.id ?? '' },
      ]);
      await desk.take(
        persons.flatMap((person) => [
          ivrEvent('requested', person, { purpose: 'callback', expiresAt: endsAt }),
          ivrEvent('attempt-opened', person, { attempt: 'a1', platform: 'x', channel: 'voice' }),
        ]),
      );
      await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(endsAt));
      await database.query(
        "update intake_progress set read_through_at = clock_timestamp() + interval '1 hour'",
      );
      expect(await reconcileDue(desk.db, desk.policy, desk.outputs, BATCH)).toBe(BATCH);
      expect(await sweepVerifications(desk.db, desk.policy, desk.outputs, BATCH)).toBe(BATCH);
    }
    // The statistics of a session are complete when it has ended.
    await expect.poll(async () => (await readsOf(database)).outboxDescents).toBeGreaterThan(0);
    expect((await readsOf(database)).scanned).toBe(0);
  },
);

/** Prepares the statements of the desk's connection. */
async function takeAFew(desk: IntakeDesk): Promise<void> {
  await desk.take([joined('early', inDays(9))]);
  await desk.take([
    hrEvent('moved', 'early', 2, { effectiveAt: inDays(-2), attributes: { department: 'Sales' } }),
  ]);
  await desk.take([
    ivrEvent('requested', 'early', { purpose: 'callback', expiresAt: inDays(1) }),
    ivrEvent('attempt-opened', 'early', { attempt: 'a1', platform: 'x', channel: 'voice' }),
  ]);
}

test('the head of a lane is looked for once a batch, and not once a message', async () => {
  await using database = await createTestDatabase();
  {
    await using desk = await openIntakeDesk(database);
    await fill(database);
    await database.query('analyze');
    await database.query('select pg_stat_reset()');
    const endsAt = inDays(9);
    await desk.take(Array.from({ length: BATCH }, (_, index) => joined(`p${index}`, endsAt)));
  }
  await expect.poll(async () => (await readsOf(database)).outboxDescents).toBeGreaterThan(0);
  // Lifecycle and access.
  expect((await readsOf(database)).outboxDescents).toBe(2 * LANES);
});
