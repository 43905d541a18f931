import { expect, test } from 'vitest';
import { TRANSACTION_DEADLINE_MS, TRANSACTION_TIMEOUT_MS } from './acquire-topic.ts';

test('a relay gives up a transaction before the brokers abort it', () => {
  // Enough time for the relay, or its successor, to fence the producer after that.
  expect(TRANSACTION_DEADLINE_MS).toBeLessThanOrEqual(TRANSACTION_TIMEOUT_MS - 5_000);
  expect(TRANSACTION_DEADLINE_MS).toBeGreaterThanOrEqual(5_000);
});
