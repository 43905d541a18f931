import type { ChildService } from '../../support/process.ts';
import type { ReaderReport } from '../measure/reader.ts';
import type { BenchSystem } from '../system.ts';
import type { Sent } from '../workload/load.ts';

/** One implementation that is measured. */
export interface Arm {
  /** One letter, as in the tables. */
  readonly name: string;
  readonly what: string;
  /** True if messages have contiguous positions, so that a reader can detect gaps; otherwise the reader compares ids. */
  readonly isNumbered: boolean;
  /**
   * Starts everything but the consumers of the inputs, which are already filled. The output topics exist
   * afterwards.
   */
  open(system: BenchSystem): Promise<OpenArm>;
}

/** Disposing kills its processes. */
export interface OpenArm extends AsyncDisposable {
  /** Names of the output topics. */
  readonly outputs: readonly string[];
  /** Starts the consumers of the inputs, without waiting for them. */
  start(): Promise<void>;
  /** Running processes and the role under which their CPU time is reported. */
  processes(): readonly ArmProcess[];
  /** Deliveries committed so far. */
  committed(): Promise<number>;
  /** Messages committed so far, published or not. */
  appended(): Promise<number>;
  /** Violations after everything was read; empty if every event and message was processed exactly once. */
  check(sent: Sent, read: ReaderReport): Promise<readonly string[]>;
}

export interface ArmProcess {
  readonly role: 'service' | 'relay';
  readonly child: ChildService;
}
