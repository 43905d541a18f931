import { createHash } from 'node:crypto';
import type { OutboxRow } from '@latchkey/postgres';
import type { LaneAnchor } from '@latchkey/publication';
import { expect, test } from 'vitest';
import { buildChunk } from './chunk.ts';

const LANES = new Map<number, LaneAnchor>([
  [1, { lane: 1, partition: 0, position: 4n, anchor: 'before', epoch: 0 }],
  [2, { lane: 2, partition: 1, position: 0n, anchor: '', epoch: 0 }],
]);

function row(lane: number, position: bigint): OutboxRow {
  return {
    lane,
    position,
    ceId: `id-${lane}-${position}`,
    key: 'k',
    headers: '{"ce_type":"t"}',
    payload: `{"n":${position}}`,
  };
}

test('rows become messages with their position, lane by lane', () => {
  const chunk = buildChunk([row(1, 5n), row(1, 6n), row(2, 1n)], LANES);

  expect(chunk).toMatchObject({
    kind: 'chunk',
    lanes: [
      {
        messages: [
          { key: 'k', value: '{"n":5}', headers: { ce_type: 't', lk_position: '5' } },
          { key: 'k', value: '{"n":6}', headers: { ce_type: 't', lk_position: '6' } },
        ],
        reached: { lane: 1, partition: 0, position: 6n },
      },
      { messages: [{ value: '{"n":1}' }], reached: { lane: 2, partition: 1, position: 1n } },
    ],
  });
});

test('an anchor covers the id of the message, the time of its decision and its payload', () => {
  const decided = { ...row(1, 5n), headers: '{"ce_time":"2026-01-01T00:00:00.000Z"}' };
  const chunk = buildChunk([decided], LANES);

  const digest = createHash('sha256').update('2026-01-01T00:00:00.000Z {"n":5}').digest('hex');
  expect(chunk).toMatchObject({ lanes: [{ reached: { anchor: `id-1-5 ${digest}` } }] });
});

test('no rows are an empty chunk', () => {
  expect(buildChunk([], LANES)).toEqual({ kind: 'chunk', lanes: [] });
});

test.each([
  ['before the first row', [row(1, 6n)], 'no row at 5'],
  ['between two rows', [row(1, 5n), row(1, 7n)], 'no row at 6'],
  [
    'at the beginning of a lane',
    [row(1, 5n), row(2, 2n)],
    'partition 1: the outbox has no row at 1',
  ],
])('a hole %s is refused', (_, rows, found) => {
  expect(buildChunk(rows, LANES)).toMatchObject({
    kind: 'refused',
    refusal: { code: 'RELAY_ROW_MISSING', detail: expect.stringContaining(found) as string },
  });
});
