export interface StackOptions {
  /** One broker by default. Three have replication factor 3 and min.insync.replicas 2. */
  readonly brokers?: 1 | 3;
  /** Takes only local processes, so that servers can be killed; the environment and Docker are passed over. */
  readonly local?: boolean;
  /** Of every broker, beyond those that each stack has; names as in Kafka's server.properties. */
  readonly brokerSettings?: Readonly<Record<string, string>>;
  /**
   * Adds a listener for users with passwords (SASL PLAIN) to each broker of a local stack, on ::1 where this machine has
   * it, and access rules that allow a user nothing until something is granted. Who comes by `brokers` may do everything.
   */
  readonly users?: Readonly<Record<string, string>>;
  /** Brokers of a local stack run at full speed, and take longer to start. */
  readonly isForMeasuring?: boolean;
  /** Is told what is being done, one line each, without line end. */
  readonly log?: (line: string) => void;
  /** Gives up opening: what was started is stopped, and openStack rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A real PostgreSQL and real Kafka brokers, ready for use. Disposing stops what was started and leaves nothing. */
export interface Stack extends AsyncDisposable {
  readonly kind: 'environment' | 'docker' | 'local';
  /** A superuser's URL of an empty database; where the environment gave it, whatever it gave. */
  readonly databaseUrl: string;
  /** `host:port`, one for each broker. */
  readonly brokers: readonly string[];
  /** As `brokers`, of the listener for `users`; empty where there is none. */
  readonly brokersForUsers: readonly string[];
  /** Resolves with the reason when a server ends that nobody asked to end. Never rejects. */
  readonly lost: Promise<string>;
  /** Processes and folder of a local stack, for tests that look for what was left behind. */
  readonly traces: StackTraces | undefined;

  /**
   * Faults. Only a local stack has them; any other rejects with StackUnavailable. Each resolves when the server
   * has ended or is ready again. Brokers are counted from 0, in the order of `brokers`; ports stay the same.
   */
  killBroker(index: number): Promise<void>;
  startBroker(index: number): Promise<void>;
  /** `fast` ends sessions and writes a checkpoint; `immediate` is a crash. */
  stopDatabase(mode: 'fast' | 'immediate'): Promise<void>;
  startDatabase(): Promise<void>;
  /** Copies everything that a stopped database holds; resolves with the copy's name. */
  copyDatabase(): Promise<string>;
  /** Puts a copy in the place of what a stopped database holds. The copy can be put back again. */
  restoreDatabase(copy: string): Promise<void>;
}

export interface StackTraces {
  readonly folder: string;
  /** The guard first, then the servers. */
  readonly pids: readonly number[];
}

/** There is no database or broker to be had. The message says what to install or set. */
export class StackUnavailable extends Error {
  override readonly name = 'StackUnavailable';
}
