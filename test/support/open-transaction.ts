import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';

/** Another producer's transaction, with one record, that stays open until it is aborted. */
export interface OpenTransaction extends AsyncDisposable {
  readonly abort: () => Promise<void>;
}

const TIMEOUT_MS = 120_000;

/** Afterwards a record of the transaction is written, and no `read_committed` reader gets past it. */
export async function openTransaction(
  brokers: readonly string[],
  topic: string,
  partition: number,
): Promise<OpenTransaction> {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({
    transactionalId: `other-${randomUUID()}`,
    transactionTimeout: TIMEOUT_MS,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ partition, key: 'other', value: '{}' }] });
  let isOpen = true;
  const abort = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await transaction.abort();
  };
  return {
    abort,
    [Symbol.asyncDispose]: async () => {
      await abort();
      await producer.disconnect();
    },
  };
}
