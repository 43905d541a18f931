import { expect, test } from 'vitest';
import { TRANSACTION_DEADLINE_MS, TRANSACTION_TIMEOUT_MS } from './acquire-topic.ts';

test('a relay gives up a transaction before the brokers abort it under its hands', () => {
  // A relay that has given up needs time to be fenced by itself, or by the next one.
  expect(TRANSACTION_DEADLINE_MS).toBeLessThanOrEqual(TRANSACTION_TIMEOUT_MS - 5_000);
  expect(TRANSACTION_DEADLINE_MS).toBeGreaterThanOrEqual(5_000);
});
