import type { DrainFigures } from '../measure/drain.ts';

/** Processes whose CPU time counts; the reader belongs to the measurement. */
export const WORKERS = ['service', 'relay', 'postgres', 'broker'] as const;

/** Microseconds of CPU per event, without the reader. */
export function cpuSumOf({ cpuMicros }: Pick<DrainFigures, 'cpuMicros'>): number {
  return WORKERS.reduce((sum, name) => sum + (cpuMicros[name] ?? 0), 0);
}

export function messagesPerEvent({ messages, deliveries }: DrainFigures): number {
  return messages / deliveries;
}

/** Formats one round as one line. */
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

/** Formats a whole number for tables, with separators between thousands. */
export function wholeOf(figure: number): string {
  return Math.round(figure)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** @param rows - the first row is the head; all columns except the first are numbers */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const rule = head.map((_, index) => (index === 0 ? '---' : '--:'));
  return [head, rule, ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
