import { expect, test } from 'vitest';
import { copyTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { eventually } from '../support/eventually.ts';
import { type CommandResult, runLatchkey } from '../support/run-latchkey.ts';
import { openSystem, type TestSystem } from '../support/system.ts';

const STARTS = inDays(-9);

function joined(person: string): SentEvent {
  const attributes = employee('Finance', { jobTitle: 'Controller' });
  return hrEvent('joined', person, 1, { startsAt: STARTS, attributes });
}

interface Account {
  readonly accountId: string;
  readonly identityId: string;
  readonly target: string;
  readonly generation: number;
  readonly account: { readonly state: string };
  readonly entitlements: readonly { readonly name: string }[];
}

/** The message with the highest generation of each account. */
function accountsOf(system: TestSystem): ReadonlyMap<string, Account> {
  const last = new Map<string, Account>();
  for (const { topic, data } of system.messages()) {
    if (topic !== 'access') continue;
    const account = data as unknown as Account;
    const before = last.get(account.accountId);
    if (before === undefined || before.generation < account.generation)
      last.set(account.accountId, account);
  }
  return last;
}

async function endServices(system: TestSystem): Promise<void> {
  await system.relay().end('SIGTERM');
  await system.killReconciler();
}

/** Runs services on a restored backup, then `relay rebase`. The services end with the system. */
async function rebase(system: TestSystem, { url }: TestDatabase): Promise<CommandResult> {
  const env = { ...system.env, DATABASE_URL: url };
  await system.start('reconciler', { DATABASE_URL: url });
  const run = () => runLatchkey({ ...env, OPERATOR: 'grace' }, 'relay', 'rebase');
  const done = await eventually('rebased', run, ({ stderr }) => !stderr.includes('INPUTS_LAG'));
  await system.start('relay', { DATABASE_URL: url });
  return done;
}

test('accounts that were published and lost end for consumers, even if reprocessing never creates them', async () => {
  await using system = await openSystem({ partitions: 1 });
  await system.send(joined('stays'));
  await system.settled();
  await using copy = await copyTestDatabase(system.database);
  await system.send(joined('leaver'), joined('mover'));
  await system.settled();
  const published = accountsOf(system);
  expect([...published.values()].map(({ account }) => account.state)).toEqual(
    Array.from({ length: 9 }, () => 'enabled'),
  );
  await endServices(system);
  // Lost and later events are reprocessed in one batch.
  await system.send(
    hrEvent('left', 'leaver', 2, { endsAt: inDays(-1), immediate: true }),
    hrEvent('moved', 'mover', 2, {
      effectiveAt: inDays(-1),
      attributes: { department: 'Sales', jobTitle: 'Clerk' },
    }),
  );
  const rebased = await rebase(system, copy);

  expect(rebased).toMatchObject({ code: 0 });
  expect(rebased.stdout).toContain('4 accounts were published and forgotten');
  const known = () =>
    copy.query<{ id: string; state: string; entitlements: string[] }>(
      `select account_id::text as id, state, array(select entitlement from assignment
         where assignment.account_id = account.account_id order by 1) as entitlements
       from account order by 1`,
    );
  const consumed = () =>
    [...accountsOf(system)]
      .map(([id, { account, entitlements }]) => ({
        id,
        state: account.state,
        entitlements: entitlements.map(({ name }) => name).toSorted(),
      }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  await expect.poll(async () => consumed().length === (await known()).length).toBe(true);
  await expect.poll(() => consumed().filter(({ state }) => state === 'enabled').length).toBe(5);
  expect(consumed()).toEqual(await known());
  expect(consumed()).toHaveLength(published.size);
});

test('consumers end with the reviews of the database after published reviews were lost', async () => {
  await using system = await openSystem({ partitions: 1 });
  await using copy = await copyTestDatabase(system.database);
  const left = (person: number) =>
    hrEvent('left', `stranger${person}`, 2, { engagement: `E${person}`, endsAt: inDays(-1) });
  for (const from of [0, 6]) {
    await system.send(...Array.from({ length: 6 }, (_, at) => left(from + at)));
    await system.settled();
  }
  await endServices(system);
  // Everything is reprocessed in one batch: many persons share a review, and one person is known by now.
  await system.send(
    hrEvent('joined', 'stranger0', 1, { startsAt: STARTS, attributes: employee('Sales') }),
  );

  const rebased = await rebase(system, copy);

  expect(rebased).toMatchObject({ code: 0 });
  expect(rebased.stdout).toContain('12 reviews were published in another state');
  const consumed = () => {
    const messages = system.messages().filter(({ topic }) => topic === 'reviews');
    const last = new Map(messages.map(({ key, type }) => [key, type]));
    return [...last].flatMap(([id, type]) => (type === 'latchkey.review.opened.v1' ? [id] : []));
  };
  const open = await copy.query<{ id: string; kind: string }>(
    "select review_id::text as id, kind from review where state = 'open'",
  );
  expect(open).toMatchObject([{ kind: 'leavers_unknown' }]);
  await expect.poll(consumed).toEqual(open.map(({ id }) => id));
  // Persons that become known now resolve their review, and nothing is published twice.
  await system.send(
    ...Array.from({ length: 11 }, (_, at) =>
      hrEvent('joined', `stranger${at + 1}`, 1, {
        startsAt: STARTS,
        attributes: employee('Sales'),
      }),
    ),
  );
  await expect.poll(consumed).toEqual([]);
  const ids = system.messages().map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
