import {
  appendFacts,
  dropHeads,
  findRowKeys,
  identityIdColumns,
  LOWEST_ORDER,
  listCheckpoints,
  listEngagementFacts,
  listFactEngagements,
  listKnownFacts,
  listNamedSwitches,
  listSwitchesOn,
  lockIdentities,
  type NewFact,
  openDatabase,
  pageOf,
  saveHeads,
  saveTrimmedKeys,
  switchesOf,
} from '@latchkey/postgres';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const ADA = '00000000-0000-4000-8000-00000000000a';
const BOB = '00000000-0000-4000-8000-00000000000b';
const HR = 'urn:example:hr';
const SECURITY = 'urn:example:security';
const ALL = { maxRows: 1_000, maxBytes: 1_000_000 };

let database: TestDatabase;
let db: ReturnType<typeof openDatabase>;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase({
    url: database.url,
    role: 'latchkey_reconciler',
    poolSize: 1,
    applicationName: 'test-read-facts',
    onConnectionLost: () => undefined,
  });
});
afterAll(async () => {
  await db[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await database.query(`truncate fact, engagement_checkpoint, checkpoint_row_key, block_switch,
    identity cascade`);
  await db.transaction((tx) =>
    lockIdentities(
      tx,
      [ADA, BOB].map((identityId) => ({ identityId, source: HR, externalId: identityId })),
    ),
  );
});

/** `E1 5`: a fact of that engagement, with that order; the event id is that text. */
function factOf(place: string, more: Partial<NewFact> = {}): NewFact {
  const [engagement = '', order = '0'] = place.split(' ');
  return {
    eventId: place,
    fingerprint: '00'.repeat(32),
    identityId: ADA,
    source: HR,
    kind: 'moved',
    engagement,
    sourceOrder: BigInt(order),
    data: '{}',
    ...more,
  };
}

async function store(...facts: readonly (string | NewFact)[]): Promise<void> {
  await db.transaction((tx) => {
    appendFacts(
      tx,
      facts.map((fact) => (typeof fact === 'string' ? factOf(fact) : fact)),
    );
    return Promise.resolve();
  });
}

async function storeHead(place: string, referred: readonly string[] = []): Promise<void> {
  const { identityId, source, engagement = '', sourceOrder } = factOf(place);
  const key = { identityId, source, engagement };
  await db.transaction((tx) => {
    saveHeads(tx, [{ ...key, throughOrder: sourceOrder, head: `"${place}"`, referred }]);
    return Promise.resolve();
  });
}

async function prune(engagement: string, below: bigint): Promise<void> {
  await database.query(
    `insert into engagement_checkpoint (identity_id, source, engagement, pruned_below, base)
     values ($1, $2, $3, $4, '{}') on conflict (identity_id, source, engagement)
     do update set pruned_below = excluded.pruned_below, base = excluded.base`,
    [ADA, HR, engagement, String(below)],
  );
}

async function known(limits = ALL): Promise<readonly string[]> {
  const rows = await db.run(listKnownFacts, { ...identityIdColumns([ADA, BOB]), ...limits });
  return rows.map(({ eventId, referred }) => (referred ? `(${eventId})` : eventId)).sort();
}

async function heads(): Promise<readonly (string | null)[]> {
  const rows = await db.run(listCheckpoints, identityIdColumns([ADA, BOB]));
  return rows.map(({ head }) => head).sort();
}

test('without a checkpoint all facts about engagements are read', async () => {
  await store('E1 1', 'E1 2', 'E2 1', factOf('B 1', { identityId: BOB }));
  expect(await known()).toEqual(['B 1', 'E1 1', 'E1 2', 'E2 1']);
});

test('of an engagement with a head the facts above it are read, of its neighbours all', async () => {
  await store('E0 1', 'E1 1', 'E1 2', 'E1 3', 'E10 1', 'E2 1', 'E2 2', 'E3 1');
  await storeHead('E1 2');
  await storeHead('E2 2');
  expect(await known()).toEqual(['E0 1', 'E1 3', 'E10 1', 'E3 1']);
});

test('an engagement of another source is not covered by a head', async () => {
  const other = (source: string) => factOf('E1 1', { source, eventId: source });
  await store('E1 1', other('urn:example:aaa'), other('urn:example:zzz'));
  await storeHead('E1 1');
  expect(await known()).toEqual(['urn:example:aaa', 'urn:example:zzz']);
});

test('facts that a head refers to are read, and marked', async () => {
  await store('E1 1', 'E1 2', 'E1 3');
  await storeHead('E1 2', ['E1 1']);
  expect(await known()).toEqual(['(E1 1)', 'E1 3']);
});

test('voided facts and facts about the person are left out', async () => {
  await store('E1 1', 'E1 2', factOf('x 3', { engagement: undefined, kind: 'blocked' }));
  await database.query("update fact set voided_at = now() where event_id = 'E1 2'");
  expect(await known()).toEqual(['E1 1']);
});

test('facts are read from where they were pruned, as long as there is no head', async () => {
  await store('E1 1', 'E1 2', 'E1 3', 'E1 4');
  await prune('E1', 2n);
  expect(await known()).toEqual(['E1 2', 'E1 3', 'E1 4']);
  await storeHead('E1 3');
  expect(await known()).toEqual(['E1 4']);
});

test('orders at both ends of their range are read', async () => {
  const lowest = factOf('E1 1', { sourceOrder: LOWEST_ORDER, eventId: 'lowest' });
  const highest = factOf('E1 1', { sourceOrder: 2n ** 63n - 1n, eventId: 'highest' });
  await store(lowest, highest);
  expect(await known()).toEqual(['highest', 'lowest']);
});

test('what is read is cut by rows, and by bytes with one fact beyond', async () => {
  const data = JSON.stringify('x'.repeat(98));
  await store(...['E1 1', 'E1 2', 'E1 3', 'E1 4'].map((place) => factOf(place, { data })));
  expect(await known({ ...ALL, maxRows: 2 })).toHaveLength(2);
  const ids = identityIdColumns([ADA]);
  const rows = await db.run(listKnownFacts, { ...ids, ...ALL, maxBytes: 250 });
  expect(rows.map(({ bytesThrough }) => bytesThrough)).toEqual([100, 200, 300]);
  expect(await known({ ...ALL, maxBytes: 400 })).toHaveLength(4);
});

test('a fact that is not above a head drops it, and one that is does not', async () => {
  await store('E1 1', 'E1 2', 'E2 1');
  await storeHead('E1 1');
  await storeHead('E2 1');
  await store('E1 3');
  expect(await heads()).toEqual(['"E1 1"', '"E2 1"']);
  await store(factOf('E1 1', { eventId: 'tied with the head' }));
  expect(await heads()).toEqual(['"E2 1"', null]);
  expect(await known()).toEqual(['E1 1', 'E1 2', 'E1 3', 'tied with the head']);
});

test('a head is replaced or dropped, and what was pruned stays', async () => {
  await store('E1 1', 'E1 2', 'E1 3');
  await prune('E1', 1n);
  await storeHead('E1 1', ['E1 1']);
  await storeHead('E1 2');
  expect(await known()).toEqual(['E1 3']);
  await db.transaction((tx) => {
    dropHeads(tx, [{ identityId: ADA, source: HR, engagement: 'E1' }]);
    return Promise.resolve();
  });
  const [row] = await db.run(listCheckpoints, identityIdColumns([ADA]));
  expect(row).toMatchObject({ head: null, throughOrder: null, refers: false, prunedBelow: 1n });
});

test('pages: one engagement after the other, by order and event id, with a place to go on from', async () => {
  const tied = (eventId: string) => factOf('E1 2', { eventId });
  await store('E1 1', tied('a'), tied('b'), tied('c'), 'E1 3', 'E2 1');
  const place = (engagement: string) => ({ identityId: ADA, source: HR, engagement });
  const whole = { sourceOrder: LOWEST_ORDER, eventId: null };
  const page = async (limits: Partial<typeof ALL>, ...places: Parameters<typeof pageOf>[0]) =>
    (await db.run(listEngagementFacts, pageOf(places, { ...ALL, ...limits }))).map(
      ({ eventId }) => eventId,
    );
  const both = [place('E2'), place('E1')].map((one) => ({ ...one, ...whole }));
  expect(await page({}, ...both)).toEqual(['E2 1', 'E1 1', 'a', 'b', 'c', 'E1 3']);
  expect(await page({ maxRows: 4 }, ...both)).toEqual(['E2 1', 'E1 1', 'a', 'b']);
  expect(await page({ maxBytes: 5 }, ...both)).toEqual(['E2 1', 'E1 1', 'a']);
  const after = { ...place('E1'), sourceOrder: 2n, eventId: 'a' };
  expect(await page({}, after)).toEqual(['b', 'c', 'E1 3']);
  expect(await page({}, { ...after, eventId: null })).toEqual(['a', 'b', 'c', 'E1 3']);
});

test('the engagements of a person are listed in pages, those without facts about them not', async () => {
  await store('E1 1', 'E1 2', 'E2 1', factOf('x 3', { engagement: undefined, kind: 'blocked' }));
  await store(factOf('E1 1', { source: 'urn:example:zzz', eventId: 'z' }));
  const list = async (source: string, engagement: string, maxRows: number) =>
    (await db.run(listFactEngagements, { identityId: ADA, source, engagement, maxRows })).map(
      (row) => [row.source, row.engagement],
    );
  const [first, second, third] = [
    [HR, 'E1'],
    [HR, 'E2'],
    ['urn:example:zzz', 'E1'],
  ];
  expect(await list('', '', 10)).toEqual([first, second, third]);
  expect(await list('', '', 1)).toEqual([first]);
  expect(await list(HR, 'E1', 10)).toEqual([second, third]);
});

test('switches: a release ends only an older block, and late facts change nothing', async () => {
  const turn = (kind: string, order: bigint, incident?: string) =>
    factOf('x 1', {
      eventId: `${kind} ${order} ${incident ?? ''}`,
      source: SECURITY,
      kind,
      engagement: undefined,
      sourceOrder: order,
      data: JSON.stringify({ reason: 'r', incident }),
    });
  const on = async (most: number) => {
    const wanted = [ADA, BOB].map((identityId) => ({ identityId, most }));
    const rows = await db.run(listSwitchesOn, switchesOf(wanted));
    return rows.map(({ incident }) => incident).sort();
  };
  await store(turn('blocked', 5n), turn('blocked', 5n, 'I'), turn('released', 4n, 'I'));
  expect([await on(1), await on(2)]).toEqual([[expect.any(String)], ['', 'I']]);
  await store(turn('released', 5n));
  expect(await on(2)).toEqual(['', 'I']);
  await store(turn('released', 6n), turn('released', 6n, 'I'), turn('blocked', 3n));
  expect(await on(2)).toEqual([]);
  const named = [null, 'I', 'J'].map((incident) => ({
    identityId: ADA,
    source: SECURITY,
    incident,
  }));
  const rows = await db.transaction((tx) => listNamedSwitches(tx, named));
  expect(
    rows
      .map(({ incident, blockedOrder, releasedOrder }) => [incident, blockedOrder, releasedOrder])
      .sort(),
  ).toEqual([
    ['', 5n, 6n],
    ['I', 5n, 6n],
  ]);
});

test('trimmed keys are kept, and replaced where an engagement was read again', async () => {
  const key = (engagement: string, rowKey: string) => ({
    identityId: ADA,
    source: HR,
    engagement,
    rowKey,
  });
  const save = (replaced: readonly string[], ...keys: readonly ReturnType<typeof key>[]) =>
    db.transaction((tx) => {
      const whole = replaced.map((engagement) => ({ identityId: ADA, source: HR, engagement }));
      saveTrimmedKeys(tx, whole, keys);
      return Promise.resolve();
    });
  const found = async () => {
    const asked = ['E1', 'E2'].flatMap((engagement) =>
      ['F', 'G'].map((one) => key(engagement, one)),
    );
    const rows = await db.transaction((tx) => findRowKeys(tx, asked));
    return rows.map(({ engagement, rowKey }) => `${engagement} ${rowKey}`).sort();
  };
  await save([], key('E1', 'F'), key('E2', 'F'));
  await save([], key('E1', 'F'), key('E1', 'G'));
  expect(await found()).toEqual(['E1 F', 'E1 G', 'E2 F']);
  await save(['E1'], key('E1', 'G'));
  expect(await found()).toEqual(['E1 G', 'E2 F']);
});
