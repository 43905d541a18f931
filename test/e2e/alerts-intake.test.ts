import { CompressionTypes } from 'kafkajs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Alerts } from '../support/alerts/alerts.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { eventually } from '../support/eventually.ts';
import { local, produce } from '../support/kafka-clients.ts';
import { lockRows } from '../support/lock-rows.ts';
import { openTransaction } from '../support/open-transaction.ts';
import { openSystem, type TestSystem } from '../support/system.ts';

/** Each alert of docs/operations.md about inputs: false before a real failure, and true after it. */

const TEN_MINUTES_SECONDS = 600;
const FROZEN_MS = 1_200;

let system: TestSystem;
let alerts: Alerts;
beforeAll(async () => {
  system = await openSystem({ partitions: 1, env: { BATCH_MAX_EVENTS: '50' } });
  alerts = await Alerts.open(() => [system.reconciler(), system.relay()]);
  // Everything that is measured every ten seconds has been measured.
  const months = () => alerts.values('latchkey_audit_partitions_seconds');
  await eventually('measured', months, ({ length }) => length === 1);
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

function joiner(person: string, changes: Partial<SentEvent> = {}): SentEvent {
  const data = { startsAt: inDays(-9), attributes: employee('Sales') };
  return hrEvent('joined', person, 1, data, changes);
}

/** Expects that the alert is false, provokes a failure, and expects that it becomes true. */
async function provoke(name: string, fail: () => Promise<unknown>): Promise<void> {
  expect(await alerts.fires(name), `${name}, before`).toBe(false);
  await fail();
  await expect.poll(() => alerts.fires(name), { message: name }).toBe(true);
}

test('conflicts: one id has two contents', async () => {
  const event = joiner('conflict');
  await system.send(event);
  await system.settled();
  await provoke('conflicts', () =>
    system.send({ ...event, data: { ...(event.data as object), attributes: employee('Legal') } }),
  );
});

test('dead letters: a delivery is not an event', async () => {
  await provoke('dead letters', () =>
    system.sendRecords([{ topic: 'workforce-events', key: 'k', value: 'hello' }]),
  );
});

test('intake lag, and partition stalled: another session locks the inbox while 1,001 events wait', async () => {
  const { query } = system.database;
  await system.settled();
  expect(await alerts.fires('intake lag')).toBe(false);
  expect(alerts.firing('partition stalled')).toEqual([]);
  const before = await query('select from inbox');
  {
    await using _locked = await lockRows(
      system.database,
      'lock table inbox in access exclusive mode',
    );
    await system.send(...Array.from({ length: 1_001 }, (_, index) => joiner(`lag${index}`)));
    await expect
      .poll(async () => Math.max(...(await alerts.values('latchkey_consumer_lag'))))
      .toBeGreaterThan(1_000);
    await alerts.scrape(TEN_MINUTES_SECONDS);
    expect(await alerts.fires('intake lag')).toBe(true);
    expect(alerts.firing('partition stalled')).toHaveLength(1);
  }
  await system.settled();
  expect((await query('select from inbox')).length).toBe(before.length + 1_001);
});

test('chores: a right to read is revoked', async () => {
  const { query } = system.database;
  const failures = async (chore: string): Promise<number> => {
    const values = await alerts.values('latchkey_chore_failures_total', { chore });
    return values[0] ?? 0;
  };
  // Both read reviews.
  const chores = ['adoption', 'reviews'];
  expect(await alerts.fires('chores')).toBe(false);
  await query('revoke select (due_at) on review from latchkey_reconciler');
  await query('revoke select on review from latchkey_reconciler');
  for (const chore of chores) await expect.poll(() => failures(chore)).toBeGreaterThan(0);
  // Earlier measurements are out of the window.
  await alerts.scrape(TEN_MINUTES_SECONDS);
  const firing = async (): Promise<readonly unknown[]> => {
    await alerts.fires('chores');
    return alerts
      .firing('chores')
      .map(({ labels }) => labels['chore'])
      .sort();
  };
  await expect.poll(firing).toEqual(chores);
  await query('grant select on review to latchkey_reconciler');
});

test('open reviews: an unknown leaver is open past the date', async () => {
  const { query } = system.database;
  await provoke('open reviews', async () => {
    const data = { engagement: 'E-unknown', endsAt: inDays(-1) };
    await system.send(hrEvent('left', 'unknown', 2, data));
    await system.settled();
    await query("update review set due_at = now() - interval '1 hour'");
  });
});

test('memory of the inbox: another session locks the claims to delete', async () => {
  const { query } = system.database;
  await using stack = new AsyncDisposableStack();
  await provoke('memory of the inbox', async () => {
    await query("update inbox set received_at = now() - interval '40 days'");
    await query("update inbox_retention set retained_since = now() - interval '40 days'");
    stack.use(await lockRows(system.database, 'select from inbox_retention for update'));
  });
});

test('months of the audit trail: no migration has run for a year', async () => {
  const { query } = system.database;
  await provoke('months of the audit trail', async () => {
    const months = await query<{ name: string }>(`
      select relname as name from pg_class
      where relname ~ '^audit_entry_\\d{4}_\\d{2}$' order by relname desc limit 12`);
    for (const { name } of months) await query(`drop table ${name}`);
  });
});

test('event loop: the process gets no CPU for a second', async () => {
  // Load on the machine may delay it.
  await expect.poll(() => alerts.fires('event loop')).toBe(false);
  const reconciler = system.reconciler();
  // Node does not measure between a scrape and the next tick of its timer, 10 ms later: a stop that begins there is not seen.
  const stopped = async (): Promise<boolean> => {
    reconciler.signal('SIGSTOP');
    const stoppedMs = performance.now();
    await eventually(
      'frozen',
      () => performance.now() - stoppedMs,
      (ms) => ms > FROZEN_MS,
    );
    reconciler.signal('SIGCONT');
    return alerts.fires('event loop');
  };
  await expect.poll(stopped).toBe(true);
});

test("deadlines wait: another producer's transaction stays open", async () => {
  const topic = system.topics.names['verification-events'];
  await using stack = new AsyncDisposableStack();
  await provoke('deadlines wait', async () => {
    stack.use(await openTransaction(inject('brokers'), topic, 0));
    // Values from before the transaction do not change.
    await expect
      .poll(async () => Math.max(...(await alerts.values('latchkey_consumer_lag', { topic }))))
      .toBeGreaterThan(0);
    await system.database.query(
      "update intake_progress set read_through_at = now() - interval '6 minutes' where topic = $1",
      [topic],
    );
  });
});

test('not ready, and deadlines do not wait: a record batch cannot be decoded', async () => {
  const { query } = system.database;
  const topic = system.topics.names['verification-events'];
  await expect.poll(() => alerts.fires('not ready')).toBe(false);
  expect(alerts.firing('deadlines do not wait')).toEqual([]);
  await provoke('not ready', async () => {
    const bomb = 'x'.repeat(33 * 1024 * 1024);
    await produce(local(), topic, [bomb], { compression: CompressionTypes.ZSTD });
    const stopped = 'select from intake_progress where stopped_code is not null';
    await expect.poll(() => query(stopped)).toHaveLength(1);
  });
  await query(
    "update intake_progress set stopped_at = now() - interval '61 minutes' where stopped_code is not null",
  );
  await expect.poll(() => alerts.fires('deadlines do not wait')).toBe(true);
});
