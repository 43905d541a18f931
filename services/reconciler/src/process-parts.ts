import {
  type Batch,
  type BatchOutcome,
  type IntakeContext,
  processBatches,
  processOrIsolate,
} from '@latchkey/intake';
import type { PartitionLease } from '@latchkey/kafka';
import { isPermanent, retryForever, waitingAlarm } from '@latchkey/runtime';
import type { Sized } from './batch-coalescer.ts';
import { partOf, type Reporting, reportStopped } from './reporting.ts';

/** A batch of one partition that fits in a transaction. */
export interface Part extends Sized {
  readonly batch: Batch;
  readonly lease: PartitionLease;
}

/** What to do after a part of a batch. */
export type Next = 'continue' | 'stopped' | 'relocate';

/**
 * Processes parts of different partitions, in one transaction if that succeeds at the first try. If not, each by itself:
 * a part that fails delays no other.
 *
 * @param parts - of inputs of one family
 * @returns for each part, in their order: what to do after it
 */
export async function processParts(
  context: IntakeContext,
  parts: readonly Part[],
  reporting: Reporting,
): Promise<readonly Promise<Next>[]> {
  const next = parts.length > 1 ? await lostOf(parts) : new Map<Part, Next>();
  const ours = parts.filter((part) => !next.has(part));
  const together = ours.length > 1 ? await processTogether(context, ours, reporting) : [];
  for (const [part, after] of together) next.set(part, after);
  return parts.map(async (part) => next.get(part) ?? processAlone(context, part, reporting));
}

/** Parts of partitions that this process has lost, to be located again. */
async function lostOf(parts: readonly Part[]): Promise<Map<Part, Next>> {
  const kept = await Promise.all(parts.map(({ lease }) => lease.renew()));
  const lost = parts.filter((_, index) => kept[index] === false);
  return new Map(lost.map((part) => [part, 'relocate']));
}

/** Returns nothing for parts that are to be processed alone. */
async function processTogether(
  context: IntakeContext,
  parts: readonly Part[],
  reporting: Reporting,
): Promise<readonly (readonly [Part, Next])[]> {
  const startedMs = performance.now();
  const next: (readonly [Part, Next])[] = [];
  const batches = parts.map(({ batch }) => batch);
  try {
    const outcomes = await processBatches(context, batches);
    const tookMs = performance.now() - startedMs;
    let received = 0;
    for (const [index, part] of parts.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || outcome.kind === 'locked') continue;
      if (outcome.kind === 'processed') received += outcome.counts.received;
      next.push([part, settle(outcome, part.batch, tookMs, reporting)]);
    }
    if (received > 0) reporting.metrics.committed(received, tookMs);
  } catch (error) {
    // Each part that this error concerns fails again when it is processed alone.
    reporting.log.debug({ err: error, parts: parts.length }, 'not processed together');
  }
  return next;
}

/** Waits out any error of the system; the partition stays ours meanwhile. */
async function processAlone(
  context: IntakeContext,
  { batch, lease }: Part,
  reporting: Reporting,
): Promise<Next> {
  const { log, health, signal, metrics } = reporting;
  const startedMs = performance.now();
  const outcomes: BatchOutcome[] = [];
  const work = async (): Promise<'ours' | 'lost'> => {
    if (!(await lease.renew())) return 'lost';
    await processOrIsolate(context, batch, outcomes);
    return 'ours';
  };
  const alarm = waitingAlarm(partOf(batch.topic, batch.partition), { log, health });
  try {
    const end = await retryForever(work, { signal, isPermanent, ...alarm });
    const tookMs = performance.now() - startedMs;
    let next: Next = 'continue';
    for (const outcome of outcomes) {
      const after = settle(outcome, batch, tookMs, reporting);
      if (outcome.kind === 'processed') metrics.committed(outcome.counts.received, tookMs);
      if (after !== 'continue') next = after;
    }
    return end === 'lost' ? 'relocate' : next;
  } catch (error) {
    if (signal.aborted) return 'relocate';
    throw error;
  }
}

function settle(outcome: BatchOutcome, batch: Batch, tookMs: number, reporting: Reporting): Next {
  switch (outcome.kind) {
    case 'processed':
      report(outcome, batch, tookMs, reporting);
      return 'continue';
    case 'done':
      return 'continue';
    case 'ahead':
      return 'relocate';
    case 'stop':
      reportStopped(reporting, batch, outcome);
      return 'stopped';
    case 'stopped':
      return 'stopped';
  }
}

function report(
  { counts, undeclared, undecided }: Extract<BatchOutcome, { readonly kind: 'processed' }>,
  { topic, partition, nextOffset }: Batch,
  tookMs: number,
  { log, metrics }: Reporting,
): void {
  metrics.processed(topic, counts);
  if (counts.received === 0) return;
  const ms = Math.round(tookMs);
  log.info(
    { topic, partition, nextOffset, ...counts, undeclared, undecided, ms },
    'batch processed',
  );
}
