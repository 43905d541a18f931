import type { Health, Logger } from '@latchkey/runtime';
import type { IntakeMetrics } from './intake-metrics.ts';

/** Reports batch outcomes: metrics, log, health. */
export interface Reporting {
  readonly metrics: IntakeMetrics;
  readonly log: Logger;
  readonly health: Health;
  readonly signal: AbortSignal;
}

/** Reports that a partition is stopped until an operator accepts the finding: not ready, and one log line. */
export function reportStopped(
  { log, health }: Reporting,
  { topic, partition }: { readonly topic: string; readonly partition: number },
  { code, detail }: { readonly code: string; readonly detail: string },
): void {
  health.notReady(partOf(topic, partition), `${code}: ${detail}`);
  const command = `npm run latchkey -- progress accept ${topic} ${partition}`;
  // Not as `detail`, which is redacted: these are offsets.
  log.error({ topic, partition, code, found: detail, command }, 'partition stopped');
}

const PARTITION = 'partition ';

/** How `/readyz` and the log name a partition. */
export function partOf(topic: string, partition: number): string {
  return `${PARTITION}${topic}/${partition}`;
}

/** True for a part of `/readyz` that is a partition. */
export function isPartition(part: string): boolean {
  return part.startsWith(PARTITION);
}
