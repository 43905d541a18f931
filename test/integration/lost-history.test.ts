import {
  accountColumns,
  adoptAccounts,
  type Db,
  encodePublishedReviews,
  openDatabase,
  settlePublishedReviews,
} from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays } from '../support/events.ts';
import { type IntakeHarness, openIntakeHarness } from '../support/intake-harness.ts';

let opened: AsyncDisposableStack;
let database: TestDatabase;
let harness: IntakeHarness;
let operator: Db;
beforeEach(async () => {
  opened = new AsyncDisposableStack();
  database = opened.use(await createTestDatabase());
  harness = opened.use(await openIntakeHarness(database));
  operator = opened.use(
    openDatabase({
      url: database.url,
      role: 'latchkey_operator',
      purpose: 'repair',
      poolSize: 1,
      applicationName: 'test-operator',
      onConnectionLost: () => undefined,
    }),
  );
});
afterEach(() => opened[Symbol.asyncDispose]());

const DUE_MS = Date.UTC(2026, 0, 1);

/** Review n of the table below. */
function reviewId(n: number): string {
  return `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000`;
}

test.each([
  // The stored state, the last published version (odd: open), the state afterwards, and what is published now.
  [undefined, 1, 'resolved 2', 'resolved'],
  [undefined, 2, 'resolved 2', undefined],
  [undefined, 3, 'resolved 4', 'resolved'],
  ['shared 1', 1, 'shared 2', 'resolved'],
  ['shared 1', 2, 'shared 2', undefined],
  ['shared 2', 1, 'shared 2', undefined],
  ['resolved 2', 1, 'resolved 2', undefined],
  ['resolved 2', 3, 'resolved 4', 'resolved'],
  ['resolved 1', 1, 'resolved 2', 'resolved'],
  ['open 1', 1, 'open 1', undefined],
  ['open 1', 2, 'open 3', 'opened'],
  ['open 1', 3, 'open 3', undefined],
  ['open 1', 4, 'open 5', 'opened'],
  ['open 3', 2, 'open 3', undefined],
] as const)(
  'a review that is stored as %s, and of which version %s was published: %s',
  async (known, version, then, said) => {
    const [state, generation] = known?.split(' ') ?? [];
    if (known !== undefined) {
      await database.query(
        `insert into review (review_id, kind, subject, owner, detail, due_at, state, generation)
         values ($1, 'k', 's', 'o', '{}', now(), $2, $3)`,
        [reviewId(1), state, generation],
      );
    }
    const rest = { kind: 'k', subject: 's', owner: 'o', dueAtMs: DUE_MS };
    const lost = encodePublishedReviews([
      { ...rest, reviewId: reviewId(2), version: 2n },
      { ...rest, reviewId: reviewId(1), version: BigInt(version) },
    ]);

    const rows = await operator.run(settlePublishedReviews, lost);

    expect(rows).toEqual(
      said === undefined
        ? []
        : [{ ...rest, reviewId: reviewId(1), version: BigInt(then.split(' ')[1] ?? 0), said }],
    );
    const [now] = await database.query<{ now: string }>(
      "select state || ' ' || generation as now from review where review_id = $1",
      [reviewId(1)],
    );
    expect(now?.now).toBe(then);
    // Another run, after a kill.
    expect(await operator.run(settlePublishedReviews, lost)).toEqual([]);
  },
);

test('forgotten accounts of known persons are created again, and are decided at once', async () => {
  const data = { startsAt: inDays(-9), attributes: employee('Sales') };
  await harness.process(['known', 'undecided'].map((person) => hrEvent('joined', person, 1, data)));
  await database.query(
    "update identity set lifecycle = null, derived_at = null where external_id = 'undecided'",
  );
  const people = await database.query<{ id: string; who: string }>(
    'select identity_id::text as id, external_id as who from identity',
  );
  const idOf = (who: string) => people.find((one) => one.who === who)?.id ?? reviewId(9);
  const before = await database.query('select * from account order by account_id');
  const account = (n: number, who: string, target: string, state = 'enabled') => ({
    accountId: reviewId(n),
    identityId: idOf(who),
    target,
    state,
    userName: who,
    attributes: '{}',
    generation: 7n,
  });
  const published = accountColumns([
    account(4, 'nobody', 'finance'),
    account(3, 'undecided', 'finance'),
    account(2, 'known', 'archive', 'disabled'),
    account(1, 'known', 'finance'),
    // Known, by its person and target.
    account(5, 'known', 'mail'),
  ]);

  const [counts] = await operator.run(adoptAccounts, published);

  expect(counts).toEqual({ adopted: 2, unknown: 2 });
  const made = await database.query(
    `select account_id::text as id, state, generation::integer, disabled_at is not null as disabled
     from account where generation = 7 order by 1`,
  );
  expect(made).toEqual([
    { id: reviewId(1), state: 'enabled', generation: 7, disabled: false },
    { id: reviewId(2), state: 'disabled', generation: 7, disabled: true },
  ]);
  const rest = await database.query(
    'select * from account where generation <> 7 order by account_id',
  );
  expect(rest).toEqual(before);
  const due = await database.query<{ who: string }>(
    'select external_id as who from identity where next_transition_at <= now()',
  );
  expect(due).toEqual([{ who: 'known' }]);
  expect(await operator.run(adoptAccounts, published)).toEqual([{ adopted: 0, unknown: 2 }]);
});
