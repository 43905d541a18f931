import type { DrainFigures } from '../measure/drain.ts';

/** Processes whose CPU time counts as the work's; the reader is the measurement's own. */
export const WORKERS = ['service', 'relay', 'postgres', 'broker'] as const;

/** Microseconds of CPU an event, of everything but the reader. */
export function cpuSumOf({ cpuMicros }: Pick<DrainFigures, 'cpuMicros'>): number {
  return WORKERS.reduce((sum, name) => sum + (cpuMicros[name] ?? 0), 0);
}

export function messagesPerEvent({ messages, deliveries }: DrainFigures): number {
  return messages / deliveries;
}

/** One round in one line. */
export function lineOf(figures: DrainFigures): string {
  const { arm, deliveries, commitPerSecond, visiblePerSecond, faults, rssBytes } = figures;
  const memory = Object.values(rssBytes).map((bytes) => `${Math.round(bytes / 1e6)} MB`);
  const line = [
    arm.padEnd(12),
    `${wholeOf(commitPerSecond).padStart(7)}/s to commit`,
    `${wholeOf(visiblePerSecond).padStart(7)}/s to visibility`,
    `${wholeOf(cpuSumOf(figures)).padStart(6)} µs CPU`,
    memory.join(' + '),
    `of ${deliveries}`,
  ].join('  ');
  return faults.length === 0 ? line : `${line}  NO SCORE: ${faults.join('; ')}`;
}

/** With a thin space between the thousands, as the tables have it. */
export function wholeOf(figure: number): string {
  return Math.round(figure)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** @param rows - the first one is the head; columns behind the first are numbers */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const rule = head.map((_, index) => (index === 0 ? '---' : '--:'));
  return [head, rule, ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
