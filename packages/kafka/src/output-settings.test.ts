import { expect, test } from 'vitest';
import { refuseBrokenOutputs } from './output-settings.ts';

function topic(policy: string | undefined) {
  const settings = policy === undefined ? {} : { 'cleanup.policy': policy };
  return { name: `of ${policy}`, partitions: 1, replicas: 1, settings };
}

test.each(['compact', 'compact,delete', 'delete,compact'])(
  'an output topic that is compacted (%s) is refused by its name',
  (policy) => {
    expect(() => {
      refuseBrokenOutputs([topic('delete'), topic(policy)]);
    }).toThrow(
      expect.objectContaining({
        code: 'TOPIC_SETTING',
        details: { topic: `of ${policy}`, found: policy, expected: 'cleanup.policy=delete' },
      }),
    );
  },
);

test('one that deletes by its retention, or whose policy may not be read, is taken', () => {
  expect(() => {
    refuseBrokenOutputs([topic('delete'), topic(undefined)]);
  }).not.toThrow();
});
