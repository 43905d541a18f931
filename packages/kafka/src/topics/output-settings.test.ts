import { expect, test } from 'vitest';
import { refuseBrokenOutputs } from './output-settings.ts';

function topic(policy: string | undefined) {
  const settings = policy === undefined ? {} : { 'cleanup.policy': policy };
  return { name: `of ${policy}`, partitions: 1, replicas: 1, settings };
}

test.each(['compact', 'compact,delete', 'delete,compact'])(
  'a compacted output topic (%s) is refused by name',
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

test('a topic that deletes by retention, or has no readable policy, is accepted', () => {
  expect(() => {
    refuseBrokenOutputs([topic('delete'), topic(undefined)]);
  }).not.toThrow();
});
