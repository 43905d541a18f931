import type { Policy } from '@latchkey/domain';
import {
  type Batch,
  type Counts,
  intakeOrIsolate,
  intakeTogether,
  type Outputs,
  type Taken,
} from '@latchkey/intake';
import type { Hold } from '@latchkey/kafka';
import type { Db } from '@latchkey/postgres';
import { isPermanent, retryForever, waitingAlarm } from '@latchkey/runtime';
import type { Gathered } from './gathering.ts';
import { partOf, type Reporting, standStill } from './reporting.ts';

/** What batches are decided by, and where their effects go. */
export interface Reconciling {
  readonly db: Db;
  readonly policy: Policy;
  readonly outputs: Outputs;
}

/** A batch of one partition that fits in a transaction. */
export interface Part extends Gathered {
  readonly batch: Batch;
  readonly hold: Hold;
}

/** What to do after a part of a batch. */
export type Next = 'go-on' | 'stopped' | 'relocate';

/**
 * Takes parts of different partitions, in one transaction if that goes at the first try. If not, each by itself:
 * what is wrong with one keeps no other waiting.
 *
 * @returns for each part, in their order: what to do after it
 */
export async function takeParts(
  to: Reconciling,
  parts: readonly Part[],
  reporting: Reporting,
): Promise<readonly Promise<Next>[]> {
  const next = parts.length > 1 ? await lostOf(parts) : new Map<Part, Next>();
  const ours = parts.filter((part) => !next.has(part));
  const together = ours.length > 1 ? await takeTogether(to, ours, reporting) : [];
  for (const [part, after] of together) next.set(part, after);
  return parts.map(async (part) => next.get(part) ?? takeAlone(to, part, reporting));
}

/** Those whose partition is no longer ours, to be located again. */
async function lostOf(parts: readonly Part[]): Promise<Map<Part, Next>> {
  const kept = await Promise.all(parts.map(({ hold }) => hold.keep()));
  const lost = parts.filter((_, index) => kept[index] === false);
  return new Map(lost.map((part) => [part, 'relocate']));
}

/** Says nothing of those that are to be taken alone. */
async function takeTogether(
  { db, policy, outputs }: Reconciling,
  parts: readonly Part[],
  reporting: Reporting,
): Promise<readonly (readonly [Part, Next])[]> {
  const startedMs = performance.now();
  const next: (readonly [Part, Next])[] = [];
  const batches = parts.map(({ batch }) => batch);
  try {
    const all = await intakeTogether(db, batches, policy, outputs);
    const tookMs = performance.now() - startedMs;
    let received = 0;
    for (const [index, part] of parts.entries()) {
      const taken = all[index];
      if (taken === undefined || taken.kind === 'held') continue;
      if (taken.kind === 'taken') received += taken.counts.received;
      next.push([part, settle(taken, part.batch, tookMs, reporting)]);
    }
    if (received > 0) reporting.metrics.committed(received, tookMs);
  } catch (error) {
    // Whatever it is, those whom it concerns meet it again.
    reporting.log.debug({ err: error, parts: parts.length }, 'not taken together');
  }
  return next;
}

/** Whatever is wrong with the system is waited out, with the membership kept. */
async function takeAlone(
  to: Reconciling,
  { batch, hold }: Part,
  reporting: Reporting,
): Promise<Next> {
  const { log, health, signal, metrics } = reporting;
  const startedMs = performance.now();
  const work = async (): Promise<readonly Taken[] | 'lost'> =>
    (await hold.keep()) ? intakeOrIsolate(to.db, batch, to.policy, to.outputs) : 'lost';
  const alarm = waitingAlarm(partOf(batch.topic, batch.partition), { log, health });
  try {
    const taken = await retryForever(work, { signal, isPermanent, ...alarm });
    if (taken === 'lost') return 'relocate';
    const tookMs = performance.now() - startedMs;
    let next: Next = 'go-on';
    for (const one of taken) {
      const after = settle(one, batch, tookMs, reporting);
      if (one.kind === 'taken') metrics.committed(one.counts.received, tookMs);
      if (after !== 'go-on') next = after;
    }
    return next;
  } catch (error) {
    if (signal.aborted) return 'relocate';
    throw error;
  }
}

function settle(taken: Taken, batch: Batch, tookMs: number, reporting: Reporting): Next {
  switch (taken.kind) {
    case 'taken':
      report(taken.counts, taken.undeclared, batch, tookMs, reporting);
      return 'go-on';
    case 'done':
      return 'go-on';
    case 'ahead':
      return 'relocate';
    case 'stop':
      standStill(reporting, batch, taken);
      return 'stopped';
    case 'stopped':
      return 'stopped';
  }
}

function report(
  counts: Counts,
  undeclared: number,
  { topic, partition, nextOffset }: Batch,
  tookMs: number,
  { log, metrics }: Reporting,
): void {
  metrics.taken(topic, counts);
  if (counts.received === 0) return;
  const ms = Math.round(tookMs);
  log.info({ topic, partition, nextOffset, ...counts, undeclared, ms }, 'batch taken');
}
