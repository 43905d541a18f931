import {
  type ISocketFactory,
  Kafka,
  type KafkaConfig,
  logLevel,
  type RetryOptions,
  type SASLOptions,
} from 'kafkajs';
import { addressForKafkajs } from './broker-address.ts';
import { registerCodecs } from './codecs.ts';
import { keepMembership } from './consume/keep-membership.ts';
import { socketsUntil } from './disposable-sockets.ts';
import { MAX_BATCH_BYTES } from './fetch/record-set.ts';
import { replaceDecoder } from './fetch/replace-decoder.ts';
import { type KafkaLog, logCreatorOf } from './kafka-log.ts';
import { keepDenials } from './keep-denials.ts';
import { addPartitionsOnce } from './produce/add-partitions-once.ts';
import { keepCoordinators } from './produce/keep-coordinators.ts';
import { replaceEncoder } from './produce/replace-encoder.ts';
import { stopIdleTimers } from './stop-idle-timers.ts';
import { silenceTimerWarnings } from './warnings.ts';

/** Where the brokers are, and who we are to them. */
export interface KafkaSettings {
  /** `host:port` of some brokers, an IPv6 address in brackets; the others are learnt from them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: boolean;
  readonly sasl:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
        readonly username: string;
        readonly password: string;
      }
    | undefined;
  /** A connection is given up when a request has waited so long; 15 s if left out. Above what the slowest may take. */
  readonly silenceMs?: number;
  /**
   * Once aborted, connections are destroyed and none is opened any more: whatever waits for a broker rejects.
   * Undefined: clients wait as long as they wait.
   */
  readonly giveUp?: AbortSignal;
}

/** Above the deadline of a transaction, and of a rebalance with the shortest time-out. */
const SILENCE_MS = 15_000;

/**
 * Retries for ever, quickly at first: with the library's 300 ms a transaction that follows another waits that long.
 * No jitter on purpose: there are a handful of clients.
 */
export const RETRY_FOREVER: RetryOptions = {
  initialRetryTime: 5,
  factor: 0,
  multiplier: 1.5,
  maxRetryTime: 1_000,
  retries: Number.MAX_SAFE_INTEGER,
};

const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * A client that has not connected yet. Consumers that it makes read all of Kafka's compressions and survive any
 * header; producers can write them. Every call waits as long as no broker answers.
 *
 * @param signal - once aborted nothing is tried again, so that a client without brokers does not keep the process alive
 */
export function openKafka(settings: KafkaSettings, log: KafkaLog, signal?: AbortSignal): Kafka {
  const config = clientConfig(settings, log);
  return new Kafka(signal === undefined ? config : { ...config, retry: retryUntil(signal) });
}

/** kafkajs has no way to end its retries, but compares with this number before each of them. */
function retryUntil(signal: AbortSignal): RetryOptions {
  const retries: unknown = {
    valueOf: () => (signal.aborted ? 0 : Number.MAX_SAFE_INTEGER),
  };
  return { ...RETRY_FOREVER, retries: retries as number };
}

/** What `openKafka` opens with, for a client that differs in a detail. */
export function clientConfig(
  settings: KafkaSettings,
  log: KafkaLog,
): KafkaConfig & { readonly socketFactory: ISocketFactory } {
  silenceTimerWarnings();
  replaceDecoder();
  keepMembership();
  replaceEncoder();
  stopIdleTimers();
  keepCoordinators();
  keepDenials();
  addPartitionsOnce();
  registerCodecs(MAX_BATCH_BYTES);
  return {
    brokers: settings.brokers.map(addressForKafkajs),
    clientId: settings.clientId,
    ssl: settings.ssl,
    ...(settings.sasl === undefined ? {} : { sasl: saslOf(settings.sasl) }),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY_FOREVER,
    socketFactory: socketsUntil(settings.giveUp, settings.silenceMs ?? SILENCE_MS),
    // Everything passes to our log creator, which drops what is only a detail.
    logLevel: logLevel.DEBUG,
    logCreator: logCreatorOf(log),
  };
}

function saslOf(sasl: NonNullable<KafkaSettings['sasl']>): SASLOptions {
  const { username, password } = sasl;
  switch (sasl.mechanism) {
    case 'plain':
      return { mechanism: 'plain', username, password };
    case 'scram-sha-256':
      return { mechanism: 'scram-sha-256', username, password };
    case 'scram-sha-512':
      return { mechanism: 'scram-sha-512', username, password };
  }
}
