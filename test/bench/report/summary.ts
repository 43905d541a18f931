import { ARMS } from '../arms/all.ts';
import { growthOverview } from '../growth/section.ts';
import type { Parts } from './results.ts';
import {
  ablationsTable,
  costsTable,
  latencyTable,
  ratesTable,
  relayTable,
  targetsTable,
  yearTable,
} from './sections.ts';
import { targetsOf } from './targets.ts';

/** Final output of a run: the tables of its parts. */
export function summaryText(parts: Parts): string {
  const { throughput, ablations, latency, relay, backlog, year, growth } = parts;
  const names = new Map(ARMS.map(({ name, what }) => [name, `${name} ${what}`]));
  const tables = [
    throughput && ratesTable(throughput.figures, names),
    throughput && costsTable(throughput.figures, names),
    ablations && ablationsTable(ablations.figures),
    latency && latencyTable(latency.figures),
    relay && relayTable(relay.figures),
    backlog && costsTable(backlog.figures, names),
    year && yearTable(year.figures),
    growth && growthOverview(growth.figures),
    targetsTable(targetsOf(parts)),
  ];
  return tables
    .filter((table) => table !== undefined)
    .map(aligned)
    .join('\n\n');
}

/** The table with its columns as lines. */
function aligned(table: string): string {
  const rows = table.split('\n').map((line) => line.slice(2, -2).split(' | '));
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  return rows
    .map((cells, row) =>
      cells
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          if (row === 1) return '-'.repeat(width);
          return column === 0 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  '),
    )
    .join('\n');
}
