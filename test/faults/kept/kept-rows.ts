import type { PartReport, ReportRow } from '../report/part.ts';
import type { KeptPart } from './kept.ts';

/** The stored row of a case. Without one, runs `attempt` and stores its row if it passed. */
export async function recallOrRun(
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

/** As `recallOrRun`, for a part that is a single case. */
export async function recallOrRunPart(
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
