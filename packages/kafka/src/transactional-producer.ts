import { Failure } from '@latchkey/contracts';
import { Kafka, Partitioners, type Producer, type RetryOptions, type Transaction } from 'kafkajs';
import { DisposableSockets } from './disposable-sockets.ts';
import type { KafkaLog } from './kafka-log.ts';
import { needing } from './not-allowed.ts';
import { clientConfig, type KafkaSettings, RETRY_FOREVER } from './open-kafka.ts';
import { createAnnouncement, type TransactionPartitions } from './produce/add-partitions-once.ts';
import { asMessages, type ProducedMessage, RecordEncoder } from './produce/encoded-records.ts';

export interface OffsetToCommit {
  readonly partition: number;
  readonly offset: bigint;
  /** At most 4,096 bytes, by the brokers' default. */
  readonly metadata: string;
}

export interface TransactionalProducerOptions {
  readonly transactionalId: string;
  /** After this time the brokers themselves abort a transaction that was left open. */
  readonly transactionTimeoutMs: number;
  /** Acquiring, and each transaction from `begin` to `commit`, fails after this time. Below `transactionTimeoutMs`. */
  readonly deadlineMs: number;
}

/**
 * The one producer of a transactional id. Whatever fails rejects, and the producer is thrown away with it: its calls
 * reject from then on, and another one must be acquired. What was sent in the transaction stays invisible unless
 * `commit` was reached; if `commit` itself rejects, only the committed offsets tell.
 */
export interface TransactionalProducer extends AsyncDisposable {
  /** Where the partitions are known that will be written to, they cost one request together instead of one each. */
  begin(partitions?: TransactionPartitions): Promise<void>;
  /** Messages of one partition, in order, acknowledged by all replicas in sync. One call at a time. */
  send(topic: string, partition: number, messages: readonly ProducedMessage[]): Promise<void>;
  /** Offsets of a group that become visible with the messages. After the last `send`, never beside it. */
  sendOffsets(groupId: string, topic: string, offsets: readonly OffsetToCommit[]): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** For sends: about 15 s, so that what still runs when the producer is thrown away comes to its end. */
const SEND_RETRIES = 25;
/** For connections, about 0.3 s: who acquires tries again. */
const CONNECT_RETRY: RetryOptions = { ...RETRY_FOREVER, retries: 8 };
const DISCONNECT_MS = 1_000;
const TOO_LARGE = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];

/**
 * Acquires a transactional id: afterwards whoever had it before is fenced, and a transaction that it left open is
 * settled. (kafkajs does this in the first `transaction()`, not in `connect()`.) Only then read committed offsets.
 *
 * @throws whatever kept it from being acquired; trying again is up to the caller
 */
export async function acquireTransactionalProducer(
  settings: KafkaSettings,
  options: TransactionalProducerOptions,
  log: KafkaLog,
): Promise<TransactionalProducer> {
  const config = clientConfig(settings, log);
  const sockets = new DisposableSockets(config.socketFactory);
  const kafka = new Kafka({ ...config, retry: CONNECT_RETRY, socketFactory: sockets.create });
  const producer = kafka.producer({
    transactionalId: options.transactionalId,
    transactionTimeout: options.transactionTimeoutMs,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { ...RETRY_FOREVER, retries: SEND_RETRIES },
  });
  const acquired = new AcquiredProducer(producer, sockets, options.deadlineMs);
  await needing(`Write on transactional id ${options.transactionalId}`, () => acquired.acquire());
  return acquired;
}

class AcquiredProducer implements TransactionalProducer {
  readonly #producer: Producer;
  readonly #sockets: DisposableSockets;
  readonly #deadlineMs: number;
  readonly #encoder = new RecordEncoder();
  #transaction: Transaction | undefined;
  #announced: ReturnType<typeof createAnnouncement> | undefined;
  #deadline = 0;
  #isThrownAway = false;

  constructor(producer: Producer, sockets: DisposableSockets, deadlineMs: number) {
    this.#producer = producer;
    this.#sockets = sockets;
    this.#deadlineMs = deadlineMs;
  }

  async acquire(): Promise<void> {
    this.#deadline = Date.now() + this.#deadlineMs;
    await this.#guarded(() => this.#producer.connect());
    await this.#start();
    await this.abort();
  }

  begin(partitions?: TransactionPartitions): Promise<void> {
    this.#deadline = Date.now() + this.#deadlineMs;
    this.#announced = partitions === undefined ? undefined : createAnnouncement(partitions);
    return this.#start();
  }

  send(topic: string, partition: number, messages: readonly ProducedMessage[]): Promise<void> {
    return this.#needing(`Write on topic ${topic}`, async () => {
      const transaction = this.#open();
      const encoded = asMessages(this.#encoder.encode(partition, messages));
      const send = () => transaction.send({ topic, acks: -1, messages: encoded });
      const acknowledged = await (this.#announced?.(send) ?? send());
      // kafkajs drops messages for a partition that its metadata do not have, and reports success.
      if (!acknowledged.some((reply) => reply.partition === partition)) {
        throw new Error(`partition ${partition} of ${topic} is unknown to the brokers`);
      }
    }).catch((error: unknown) => {
      if (!isTooLarge(error)) throw error;
      const details = { topic, partition, messages: messages.length };
      throw new Failure('MESSAGE_TOO_LARGE', details, { cause: error });
    });
  }

  sendOffsets(groupId: string, topic: string, offsets: readonly OffsetToCommit[]): Promise<void> {
    const partitions = offsets.map(({ offset, ...rest }) => ({ ...rest, offset: String(offset) }));
    return this.#needing(`Read on group ${groupId} and on topic ${topic}`, () =>
      this.#open().sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] }),
    );
  }

  commit(): Promise<void> {
    return this.#guarded(() => this.#open().commit());
  }

  abort(): Promise<void> {
    return this.#guarded(() => this.#open().abort());
  }

  /** Throws the producer away. Whatever is in flight rejects; never waits longer than a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isThrownAway) return;
    this.#isThrownAway = true;
    this.#sockets[Symbol.dispose]();
    // It has nothing left to say to the brokers, so that only the time it takes can go wrong.
    await within(DISCONNECT_MS, () => this.#producer.disconnect()).catch(() => undefined);
  }

  #start(): Promise<void> {
    return this.#guarded(async () => {
      this.#transaction = await this.#producer.transaction();
    });
  }

  #needing(right: string, work: () => Promise<void>): Promise<void> {
    return needing(right, () => this.#guarded(work));
  }

  #open(): Transaction {
    if (this.#transaction === undefined) throw new Error('no transaction was begun');
    return this.#transaction;
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    if (this.#isThrownAway) throw new Error('the producer was thrown away');
    try {
      await within(this.#deadline - Date.now(), work);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }
}

/** Rejects if `work` takes longer; whatever it does afterwards is nobody's concern. */
async function within(limitMs: number, work: () => Promise<void>): Promise<void> {
  if (limitMs <= 0) throw new Error('the deadline has passed');
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`not done within the ${limitMs} ms that were left`));
  }, limitMs);
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function isTooLarge(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('type' in error && TOO_LARGE.includes(String(error.type))) return true;
  return isTooLarge(error.cause);
}
