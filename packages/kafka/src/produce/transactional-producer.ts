import { Failure } from '@latchkey/contracts';
import {
  Kafka,
  type Message,
  Partitioners,
  type Producer,
  type RetryOptions,
  type Transaction,
} from 'kafkajs';
import { DisposableSockets } from '../connection/disposable-sockets.ts';
import type { KafkaLog } from '../connection/kafka-log.ts';
import { createClientConfig, type KafkaSettings, RETRY_FOREVER } from '../connection/open-kafka.ts';
import { explainDenial } from '../errors/not-allowed.ts';
import { createAnnouncement, type TransactionPartitions } from '../patches/add-partitions-once.ts';
import {
  type EncodedRecords,
  type ProducedMessage,
  RecordEncoder,
} from '../protocol/encoded-records.ts';

export interface OffsetToCommit {
  readonly partition: number;
  readonly offset: bigint;
  /** At most 4,096 bytes by the brokers' default. */
  readonly metadata: string;
}

export interface TransactionalProducerOptions {
  readonly transactionalId: string;
  /** After this time the brokers abort a transaction that is still open. */
  readonly transactionTimeoutMs: number;
  /** Acquiring, and each transaction from `begin` to `commit`, fails after this time. Must be below `transactionTimeoutMs`. */
  readonly deadlineMs: number;
}

/**
 * The one producer of a transactional id. After any rejection it is disposed: every call rejects, and the caller must
 * acquire another one. Messages of the transaction stay invisible unless `commit` was called; if `commit` rejects, only
 * the committed offsets show the outcome.
 */
export interface TransactionalProducer extends AsyncDisposable {
  /** Partitions announced here are added to the transaction with one request instead of one for each. */
  begin(partitions?: TransactionPartitions): Promise<void>;
  /** Sends messages to one partition, in order, acknowledged by all in-sync replicas. One call at a time. */
  send(topic: string, partition: number, messages: readonly ProducedMessage[]): Promise<void>;
  /** Commits offsets of a group with the messages. Must be called after the last `send` has resolved. */
  sendOffsets(groupId: string, topic: string, offsets: readonly OffsetToCommit[]): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** For sends: about 15 s, so that a send that still runs when the producer is disposed ends. */
const SEND_RETRIES = 25;
/** For connections: about 0.3 s; the caller retries. */
const CONNECT_RETRY: RetryOptions = { ...RETRY_FOREVER, retries: 8 };
const DISCONNECT_MS = 1_000;
const TOO_LARGE = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];

/**
 * Acquires a transactional id: then the previous producer is fenced, and its open transaction is aborted or committed.
 * (kafkajs does this in the first `transaction()`, not in `connect()`.) Committed offsets are final only after this.
 *
 * @throws any error of the brokers or the connection; the caller retries
 */
export async function acquireTransactionalProducer(
  settings: KafkaSettings,
  options: TransactionalProducerOptions,
  log: KafkaLog,
): Promise<TransactionalProducer> {
  const config = createClientConfig(settings, log);
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
  await explainDenial(`Write on transactional id ${options.transactionalId}`, () =>
    acquired.acquire(),
  );
  return acquired;
}

class AcquiredProducer implements TransactionalProducer {
  readonly #producer: Producer;
  readonly #sockets: DisposableSockets;
  readonly #deadlineMs: number;
  readonly #encoder = new RecordEncoder();
  #transaction: Transaction | undefined;
  #announcement: ReturnType<typeof createAnnouncement> | undefined;
  #deadline = 0;
  #isDisposed = false;

  constructor(producer: Producer, sockets: DisposableSockets, deadlineMs: number) {
    this.#producer = producer;
    this.#sockets = sockets;
    this.#deadlineMs = deadlineMs;
  }

  async acquire(): Promise<void> {
    this.#deadline = Date.now() + this.#deadlineMs;
    await this.#runOrDispose(() => this.#producer.connect());
    await this.#start();
    await this.abort();
  }

  begin(partitions?: TransactionPartitions): Promise<void> {
    this.#deadline = Date.now() + this.#deadlineMs;
    this.#announcement = partitions === undefined ? undefined : createAnnouncement(partitions);
    return this.#start();
  }

  send(topic: string, partition: number, messages: readonly ProducedMessage[]): Promise<void> {
    return this.#explainDenial(`Write on topic ${topic}`, async () => {
      const transaction = this.#openTransaction();
      const encoded = toMessages(this.#encoder.encode(partition, messages));
      const send = () => transaction.send({ topic, acks: -1, messages: encoded });
      const acknowledged = await (this.#announcement?.(send) ?? send());
      // kafkajs drops messages for a partition that its metadata lack, and reports success.
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
    return this.#explainDenial(`Read on group ${groupId} and on topic ${topic}`, () =>
      this.#openTransaction().sendOffsets({
        consumerGroupId: groupId,
        topics: [{ topic, partitions }],
      }),
    );
  }

  commit(): Promise<void> {
    return this.#runOrDispose(() => this.#openTransaction().commit());
  }

  abort(): Promise<void> {
    return this.#runOrDispose(() => this.#openTransaction().abort());
  }

  /** Requests in flight reject. Never waits longer than a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#sockets[Symbol.dispose]();
    // The sockets are closed, so it may fail or hang.
    await runWithin(DISCONNECT_MS, () => this.#producer.disconnect()).catch(() => undefined);
  }

  #start(): Promise<void> {
    return this.#runOrDispose(async () => {
      this.#transaction = await this.#producer.transaction();
    });
  }

  #explainDenial(right: string, work: () => Promise<void>): Promise<void> {
    return explainDenial(right, () => this.#runOrDispose(work));
  }

  #openTransaction(): Transaction {
    if (this.#transaction === undefined) throw new Error('no transaction was begun');
    return this.#transaction;
  }

  async #runOrDispose(work: () => Promise<void>): Promise<void> {
    if (this.#isDisposed) throw new Error('the producer was thrown away');
    try {
      await runWithin(this.#deadline - Date.now(), work);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }
}

/** Rejects if `work` takes longer. Its later outcome is ignored. */
async function runWithin(limitMs: number, work: () => Promise<void>): Promise<void> {
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

/** As kafkajs' `send` declares its parameter; see `EncodedRecords`. */
function toMessages(records: EncodedRecords): Message[] {
  const messages: unknown = records;
  return messages as Message[];
}

function isTooLarge(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('type' in error && TOO_LARGE.includes(String(error.type))) return true;
  return isTooLarge(error.cause);
}
