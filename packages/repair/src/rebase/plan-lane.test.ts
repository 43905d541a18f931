import type { LaneEvidence, PublishedRecord } from '@latchkey/publication';
import { describe, expect, test } from 'vitest';
import { type LanePlan, LanePlanner } from './plan-lane.ts';

function lane(publishedThrough: bigint, committed: bigint | undefined): LaneEvidence {
  return {
    lane: 1,
    partition: 0,
    publishedThrough,
    missingPositions: 0n,
    movingAfter: undefined,
    committed:
      committed === undefined
        ? undefined
        : { position: committed, anchor: `kafka-${committed}`, epoch: 0, installation: undefined },
    rowAnchor: undefined,
    logEnd: 100n,
  };
}

function record(position: bigint): PublishedRecord {
  const anchor = `kafka-${position}`;
  const content = { offset: position, timestampMs: 0, key: null, value: null, headers: [] };
  return { position, ceId: `id-${position}`, anchor, epoch: 0, generation: 1n, record: content };
}

/** Compares the messages one fetch after the other, with the rows that it needs. */
function planLane({ evidence, records, rows }: LaneKnown, fetches = 1): LanePlan {
  const planner = new LanePlanner(evidence);
  const size = Math.max(Math.ceil(records.length / fetches), 1);
  for (let at = 0; at < records.length; at += size) {
    const some = records.slice(at, at + size);
    const needed = planner.neededRows(some);
    planner.compare(some, new Map([...rows].filter(([position]) => needed.includes(position))));
  }
  return planner.plan();
}

interface LaneKnown {
  readonly evidence: LaneEvidence;
  readonly records: readonly PublishedRecord[];
  readonly rows: ReadonlyMap<bigint, string>;
}

const records = [4n, 5n, 6n, 7n, 8n].map(record);
const rowsOf = (rows: Readonly<Record<string, string>>): ReadonlyMap<bigint, string> =>
  new Map(Object.entries(rows).map(([position, anchor]) => [BigInt(position), anchor]));

test('rows that equal the messages at their positions were published, the first other one was not', () => {
  const rows = rowsOf({ 4: 'kafka-4', 5: 'kafka-5', 6: 'other', 7: 'kafka-7' });

  expect(planLane({ evidence: lane(4n, 8n), records, rows })).toMatchObject({
    common: 5n,
    published: 8n,
    record: { position: 8n },
  });
});

test('a database that lost its last messages keeps its noted position', () => {
  const rows = rowsOf({ 4: 'kafka-4' });

  expect(planLane({ evidence: lane(4n, 8n), records, rows })).toMatchObject({ common: 4n });
});

test('an outbox that was never published has nothing in common', () => {
  const rows = rowsOf({ 4: 'other', 5: 'kafka-5' });

  expect(planLane({ evidence: lane(4n, 8n), records, rows })).toMatchObject({ common: 0n });
});

test("a lane without a position in Kafka continues at the database's position", () => {
  const evidence = lane(4n, undefined);

  expect(planLane({ evidence, records: [], rows: rowsOf({}) })).toEqual({
    common: 4n,
    published: 4n,
    record: undefined,
  });
});

test('a message that the topic has deleted has a position only', () => {
  const plan = planLane({ evidence: lane(4n, 12n), records: [], rows: rowsOf({ 4: 'x' }) });

  expect(plan).toEqual({ common: 4n, published: 12n, record: undefined });
});

test("a lane on which both sides agree is unchanged, even where the database's position is older", () => {
  const evidence = { ...lane(4n, 8n), rowAnchor: 'kafka-8' };

  expect(planLane({ evidence, records: [], rows: rowsOf({}) })).toMatchObject({ common: 8n });
});

test('the common position that an earlier run recorded counts, not the rows', () => {
  const moving = { ...lane(4n, 8n), movingAfter: 2n };
  const rows = rowsOf({ 4: 'kafka-4', 5: 'kafka-5' });

  expect(planLane({ evidence: moving, records, rows })).toMatchObject({ common: 2n });
  // Kafka has lost commits since.
  const lost = { ...moving, movingAfter: 9n };
  expect(planLane({ evidence: lost, records, rows })).toMatchObject({ common: 8n, published: 8n });
  // Nothing was moved yet, and the row at Kafka's position is the message again.
  const found = { ...moving, rowAnchor: 'kafka-8' };
  expect(planLane({ evidence: found, records, rows })).toMatchObject({ common: 8n });
});

test('the common position does not depend on the size of a fetch', () => {
  const rows = rowsOf({ 4: 'kafka-4', 5: 'kafka-5', 6: 'kafka-6', 7: 'other' });

  for (const fetches of [1, 2, 3, 5]) {
    expect(planLane({ evidence: lane(4n, 8n), records, rows }, fetches)).toMatchObject({
      common: 6n,
      record: { position: 8n },
    });
  }
});

test('rows are needed until one differs from its message', () => {
  const planner = new LanePlanner(lane(4n, 8n));
  const [first, ...rest] = [records.slice(0, 3), [7n, 8n, 9n].map(record)] as const;

  expect(planner.neededRows([3n, 4n, 5n, 8n, 9n, 5n].map(record))).toEqual([4n, 5n, 8n]);
  planner.compare(first, rowsOf({ 4: 'kafka-4', 5: 'kafka-5', 6: 'other' }));

  expect(planner.neededRows(rest.flat())).toEqual([]);
  // A replay came back to where it differed.
  expect(planner.neededRows([6n, 7n].map(record))).toEqual([6n, 7n]);
  expect(planner.plan()).toMatchObject({ common: 5n });
});

describe('the last message of a position that was published twice counts', () => {
  const rows = rowsOf({ 4: 'kafka-4', 5: 'kafka-5', 6: 'kafka-6' });
  const other = (position: bigint) => ({ ...record(position), anchor: `other-${position}` });
  const of = (...positions: readonly bigint[]) => positions.map(record);
  const others = (...positions: readonly bigint[]) => positions.map(other);

  test.each([
    ['it agreed, and differs', [...of(4n, 5n, 6n), ...others(5n, 6n)], 4n],
    ['it agreed, and differs where the database noted it', [...of(4n, 5n, 6n), ...others(4n)], 0n],
    ['it differed, and agrees', [...of(4n), ...others(5n, 6n), ...of(5n, 6n)], 6n],
    ['all differed, and agree', [...others(4n, 5n, 6n), ...of(4n, 5n, 6n)], 6n],
    ['all differed, and agree from after that on', [...others(4n, 5n), ...of(5n, 6n)], 0n],
    ['it begins before what was noted', [...others(3n, 4n), ...of(2n, 3n, 4n, 5n)], 5n],
  ])('%s', (_, twice, common) => {
    for (const fetches of [1, 2, twice.length]) {
      const known = { evidence: lane(4n, 8n), records: twice, rows };
      expect(planLane(known, fetches)).toMatchObject({ common });
    }
  });
});

test('where both sides have the same position and different messages nothing is common, even if the topic has deleted its message', () => {
  const evidence = { ...lane(4n, 4n), rowAnchor: 'other' };

  expect(planLane({ evidence, records: [], rows: rowsOf({ 4: 'other' }) })).toMatchObject({
    common: 0n,
    published: 4n,
  });
});
