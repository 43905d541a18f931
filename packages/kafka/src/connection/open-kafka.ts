import {
  type ISocketFactory,
  Kafka,
  type KafkaConfig,
  logLevel,
  type RetryOptions,
  type SASLOptions,
} from 'kafkajs';
import { requirePatches } from '../patches/install.ts';
import { addressForKafkajs } from './broker-address.ts';
import { socketsUntil } from './disposable-sockets.ts';
import { createLogCreator, type KafkaLog } from './kafka-log.ts';

/** How to reach the brokers and authenticate to them. */
export interface KafkaSettings {
  /** `host:port` of some brokers, an IPv6 address in brackets. They name the others. */
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
  /** A connection is closed when a request has waited so long; 15 s if left out. Above the time of the slowest request. */
  readonly silenceMs?: number;
  /**
   * Once aborted, connections are destroyed and none can be opened: every request rejects. Undefined: requests wait for
   * brokers without a limit.
   */
  readonly giveUp?: AbortSignal;
}

/** Above the deadline of a transaction, and of a rebalance with the shortest timeout. */
const SILENCE_MS = 15_000;

/**
 * Retries for ever, quickly at first: with kafkajs' 300 ms each transaction would wait that long for the one before. No
 * jitter: there are few clients.
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
 * Creates a client, which does not connect yet. Its consumers read all codecs of Kafka and any header, and its producers
 * write all codecs. Every call waits until a broker answers.
 *
 * @param signal - once aborted nothing is retried, so that a client without brokers does not keep the process alive
 * @throws Error when the process has not called `installKafkajsPatches`
 */
export function openKafka(settings: KafkaSettings, log: KafkaLog, signal?: AbortSignal): Kafka {
  const config = createClientConfig(settings, log);
  return new Kafka(signal === undefined ? config : { ...config, retry: retryUntil(signal) });
}

/** kafkajs cannot cancel its retries, but compares with this number before each. */
function retryUntil(signal: AbortSignal): RetryOptions {
  const retries: unknown = {
    valueOf: () => (signal.aborted ? 0 : Number.MAX_SAFE_INTEGER),
  };
  return { ...RETRY_FOREVER, retries: retries as number };
}

/** The configuration of `openKafka`, for a client that differs in a detail. */
export function createClientConfig(
  settings: KafkaSettings,
  log: KafkaLog,
): KafkaConfig & { readonly socketFactory: ISocketFactory } {
  requirePatches();
  return {
    brokers: settings.brokers.map(addressForKafkajs),
    clientId: settings.clientId,
    ssl: settings.ssl,
    ...(settings.sasl === undefined ? {} : { sasl: saslOf(settings.sasl) }),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY_FOREVER,
    socketFactory: socketsUntil(settings.giveUp, settings.silenceMs ?? SILENCE_MS),
    // Our log creator receives every entry and drops details.
    logLevel: logLevel.DEBUG,
    logCreator: createLogCreator(log),
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
