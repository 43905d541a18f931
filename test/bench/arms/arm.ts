import type { ChildService } from '../../support/process.ts';
import type { ReaderReport } from '../measure/reader.ts';
import type { BenchSystem } from '../system.ts';
import type { Sent } from '../workload/load.ts';

/** One way to do the work. */
export interface Arm {
  /** One letter, as in the tables. */
  readonly name: string;
  readonly what: string;
  /** What it publishes is numbered, so that a reader can prove that nothing is missing; otherwise ids are kept. */
  readonly isNumbered: boolean;
  /**
   * Starts everything but what reads the inputs. The topics that it publishes to exist afterwards; the
   * inputs are already filled.
   */
  open(system: BenchSystem): Promise<OpenArm>;
}

/** Disposing kills its processes. */
export interface OpenArm extends AsyncDisposable {
  /** The names of the topics that it publishes to. */
  readonly outputs: readonly string[];
  /** Starts what reads the inputs, and does not wait for it. */
  start(): Promise<void>;
  /** Everything that runs, by the name under which its CPU time is reported: `service` or `relay`. */
  processes(): readonly ArmProcess[];
  /** Deliveries that were committed so far. */
  taken(): Promise<number>;
  /** Messages that were committed so far, published or not. */
  appended(): Promise<number>;
  /** What is wrong once everything was read; nothing: each event once, each message once. */
  check(sent: Sent, read: ReaderReport): Promise<readonly string[]>;
}

export interface ArmProcess {
  readonly role: 'service' | 'relay';
  readonly child: ChildService;
}
