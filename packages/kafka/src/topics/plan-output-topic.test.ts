import { expect, test } from 'vitest';
import { planOutputTopic } from './plan-output-topic.ts';

const UNKNOWN = { topic: 't', existing: undefined, configured: undefined, recorded: undefined };

test.for([
  [{}, 4],
  [{ recorded: 6 }, 6],
  [{ configured: 3 }, 3],
  [{ existing: 5 }, 5],
  [{ existing: 5, configured: 5, recorded: 5 }, 5],
] as const)('%j has %i partitions', ([known, partitions]) => {
  expect(planOutputTopic({ ...UNKNOWN, ...known })).toBe(partitions);
});

test.for([
  { existing: 5, recorded: 4 },
  { existing: 5, configured: 4 },
  { configured: 5, recorded: 4 },
  { existing: 5, configured: 5, recorded: 4 },
])('%j is refused with all counts', (known) => {
  const all = { ...UNKNOWN, ...known };
  expect(() => planOutputTopic(all)).toThrow(
    expect.objectContaining({ code: 'PARTITION_COUNT_DIFFERS', details: all }),
  );
});
