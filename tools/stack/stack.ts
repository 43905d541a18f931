export interface StackOptions {
  /** One broker by default. Three have replication factor 3 and min.insync.replicas 2. */
  readonly brokers?: 1 | 3;
  /** Uses local processes only, so that servers can be killed; ignores the environment and Docker. */
  readonly local?: boolean;
  /** Additional settings of every broker; names as in Kafka's server.properties. */
  readonly brokerSettings?: Readonly<Record<string, string>>;
  /**
   * Adds a listener for users with passwords (SASL PLAIN) to each broker of a local stack, on ::1 where this machine has
   * it, and access rules that allow a user nothing until it is granted. Clients that use `brokers` may do everything.
   */
  readonly users?: Readonly<Record<string, string>>;
  /** Brokers of a local stack run at full speed, and start more slowly. */
  readonly isForMeasuring?: boolean;
  /** Called with a line of progress, without line end. */
  readonly log?: (line: string) => void;
  /** Once aborted, openStack stops what it started and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A real PostgreSQL and real Kafka brokers, ready for use. Disposing stops what was started and leaves nothing. */
export interface Stack extends AsyncDisposable {
  readonly kind: 'environment' | 'docker' | 'local';
  /** A superuser's URL of an empty database; from the environment, DATABASE_URL as it is. */
  readonly databaseUrl: string;
  /** `host:port`, one for each broker. */
  readonly brokers: readonly string[];
  /** As `brokers`, for the listener of `users`; empty where there is none. */
  readonly brokersForUsers: readonly string[];
  /** Resolves with the reason when a server ends without being asked to. Never rejects. */
  readonly lost: Promise<string>;
  /** Processes and folder of a local stack, for tests that check that nothing is left. */
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
  /** Copies the data of a stopped database; resolves with the copy's name. */
  copyDatabase(): Promise<string>;
  /** Replaces the data of a stopped database with a copy. The copy can be restored again. */
  restoreDatabase(copy: string): Promise<void>;
}

export interface StackTraces {
  readonly folder: string;
  /** The guard first, then the servers. */
  readonly pids: readonly number[];
}

/** No database or broker is available. The message names what to install or set. */
export class StackUnavailable extends Error {
  override readonly name = 'StackUnavailable';
}
