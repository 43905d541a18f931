import type { ReportRow } from './part.ts';

/** Prints the final table. */
export function printTable(rows: readonly ReportRow[]): void {
  const width = Math.max(4, ...rows.map(({ what }) => what.length));
  const line = (what: string, tried: string, failed: string, figure: string): string =>
    `${what.padEnd(width)}  ${tried.padStart(7)}  ${failed.padStart(6)}  ${figure}`;
  process.stdout.write(`\n${line('what', 'tried', 'failed', 'figures')}\n`);
  for (const { what, tried, failed, figure } of rows) {
    process.stdout.write(`${line(what, String(tried), String(failed), figure)}\n`);
  }
}
