import { Failure } from '@latchkey/contracts';
import { readDecisionMoment, type Tx } from '@latchkey/postgres';
import type { Outputs } from './outputs.ts';

/** When something is decided. */
export interface Moment {
  /** The database's clock, read after the locks: a slow transaction must not decide with an old one. */
  readonly nowMs: number;
  /** In which generations are counted; read after the locks, too. */
  readonly epoch: number;
}

/**
 * The moment of a decision. To be called once everything that is decided about is locked.
 *
 * @throws Failure PARTITION_COUNT_DIFFERS when partitions were added since these outputs were opened:
 *   a key might go to its old partition
 */
export async function readMoment(tx: Tx, outputs: Outputs): Promise<Moment> {
  const { nowMs, epoch, layout } = await readDecisionMoment(tx);
  if (layout !== outputs.layout) {
    throw new Failure('PARTITION_COUNT_DIFFERS', { outputs: 'repartitioned; restart the service' });
  }
  return { nowMs, epoch };
}
