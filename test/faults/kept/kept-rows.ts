import type { PartReport, ReportRow } from '../report/part.ts';
import type { KeptPart } from './kept.ts';

/** The row of a case: the one that was kept, or that of a trial now, which is kept if nothing failed. */
export async function keptRow(
  kept: KeptPart,
  name: string,
  attempt: () => Promise<ReportRow>,
): Promise<ReportRow> {
  const known = kept.recall(name) as ReportRow | undefined;
  if (known !== undefined) return known;
  const row = await attempt();
  if (row.failed === 0) await kept.keep(name, row);
  return row;
}

/** The same for a part that is one case. */
export async function keptReport(
  kept: KeptPart,
  name: string,
  attempt: () => Promise<PartReport>,
): Promise<PartReport> {
  const known = kept.recall(name) as PartReport | undefined;
  if (known !== undefined) return known;
  const report = await attempt();
  if (!report.failed) await kept.keep(name, report);
  return report;
}
