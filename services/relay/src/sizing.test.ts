import type { LaneAnchor } from '@latchkey/publication';
import { expect, test } from 'vitest';
import type { LaneChunk } from './chunk.ts';
import { createSizing, type Sizing } from './sizing.ts';

const LIMITS = { maxRows: 100, maxBytes: 10_000 };
const MINUTE_MS = 60_000;
const LANES: readonly LaneAnchor[] = [lane(1), lane(2)];

function lane(id: number): LaneAnchor {
  return { lane: id, partition: id - 1, position: 0n, anchor: '', epoch: 0 };
}

function chunk(of: LaneAnchor, messages: number): LaneChunk {
  const value = 'x'.repeat(998); // and two bytes of headers
  return {
    messages: Array.from({ length: messages }, () => ({ key: 'k', value, headers: {} })),
    reached: of,
  };
}

function plan(sizing: Sizing, nowMs = 0): readonly string[] {
  return sizing.plan(LANES, nowMs).starts.map((start) => `${start.lane}: ${start.maxRows}`);
}

test('the lanes of a topic share the limits of a transaction', () => {
  const sizing = createSizing(2, LIMITS);

  expect(sizing.plan(LANES, 0)).toEqual({
    starts: [
      { lane: 1, after: 0n, maxRows: 50 },
      { lane: 2, after: 0n, maxRows: 50 },
    ],
    maxBytes: 5_000,
  });
});

test('a chunk that the broker refuses is halved until it is a single message', () => {
  const sizing = createSizing(2, LIMITS);

  expect(sizing.refused(chunk(lane(1), 4), 0)).toBe('halved');
  expect(sizing.plan(LANES, 0).maxBytes).toBe(2_000);
  expect(sizing.refused(chunk(lane(1), 2), 0)).toBe('halved');
  expect(sizing.plan(LANES, 0).maxBytes).toBe(1_000);
  expect(sizing.refused(chunk(lane(1), 1), 0)).toBe('parked');
});

test('a parked lane is skipped, and tried with one message after a minute', () => {
  const sizing = createSizing(2, LIMITS);
  sizing.refused(chunk(lane(1), 1), 0);

  expect(plan(sizing, MINUTE_MS - 1)).toEqual(['2: 50']);
  expect(plan(sizing, MINUTE_MS)).toEqual(['1: 1', '2: 50']);
  expect(sizing.parkedLanes()).toEqual([1]);
});

test('a parked lane whose message was accepted continues as before', () => {
  const sizing = createSizing(2, LIMITS);
  sizing.refused(chunk(lane(1), 1), 0);

  expect(sizing.accepted(1)).toBe(true);
  expect(sizing.accepted(2)).toBe(false);
  expect(plan(sizing)).toEqual(['1: 50', '2: 50']);
});

test('a lane that an earlier relay parked is tried at once with one message', () => {
  const sizing = createSizing(2, LIMITS);
  sizing.parkOnly([2]);

  expect(plan(sizing)).toEqual(['1: 50', '2: 1']);
});

test('a parked lane that another relay has published since continues as before; one that still waits keeps its time', () => {
  const sizing = createSizing(2, LIMITS);
  sizing.refused(chunk(lane(1), 1), 0);
  sizing.refused(chunk(lane(2), 1), 0);

  sizing.parkOnly([2]);

  expect(sizing.parkedLanes()).toEqual([2]);
  expect(plan(sizing)).toEqual(['1: 50']);
});
