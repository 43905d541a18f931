import type { Servers } from '../arena/arena.ts';
import { PARTS } from '../failpoints/points.ts';
import type { KeptPart } from '../kept/kept.ts';
import { computeQuantile, computeUpperBoundPercent } from '../report/figures.ts';
import type { PartReport } from '../report/part.ts';
import { type CaseResult, runCampaign } from './campaign.ts';
import { type FaultCase, listCases, nameOf } from './case.ts';

export interface SweepOptions {
  readonly seeds: number;
  /** Concurrent arenas. */
  readonly jobs: number;
  readonly kept: KeptPart;
  readonly print: (line: string) => void;
}

/** Runs every failpoint with every action and every seed, except cases with a stored result. */
export async function runSweep(servers: Servers, options: SweepOptions): Promise<PartReport> {
  const { seeds, jobs, kept, print } = options;
  const all = Array.from({ length: seeds }, (_, index) =>
    PARTS.map((points) => listCases(points, index + 1)),
  ).flat();
  const results = all
    .flat()
    .map((one) => kept.recall(nameOf(one)) as CaseResult | undefined)
    .filter((known) => known !== undefined);
  const campaigns = all
    .map((cases) => cases.filter((one) => kept.recall(nameOf(one)) === undefined))
    .filter((cases) => cases.length > 0);
  const total = all.flat().length;
  const report = async (result: CaseResult): Promise<void> => {
    results.push(result);
    if (result.passed) await kept.keep(result.name, result);
    print(`${results.length}/${total} ${formatResult(result)}`);
  };
  await Promise.all(Array.from({ length: jobs }, () => runCampaigns(servers, campaigns, report)));
  return summarise(results, total);
}

/** Runs one case. If it fails, prints the logs of its processes. */
export async function runOneCase(
  servers: Servers,
  one: FaultCase,
  print: (line: string) => void,
): Promise<PartReport> {
  const results: CaseResult[] = [];
  await runCampaign(servers, [one], (result, arena) => {
    results.push(result);
    print(formatResult(result));
    if (result.passed) return;
    for (const member of arena.members) print(`${member.name}:\n${member.output()}`);
  });
  return summarise(results, 1);
}

async function runCampaigns(
  servers: Servers,
  campaigns: (readonly FaultCase[])[],
  report: (result: CaseResult) => Promise<void>,
): Promise<void> {
  for (let cases = campaigns.shift(); cases !== undefined; cases = campaigns.shift()) {
    await runCampaign(servers, cases, report);
  }
}

function formatResult({ name, passed, tookMs, recoveryMs, findings, error }: CaseResult): string {
  if (passed) return `${name}: passed in ${tookMs} ms, published again after ${recoveryMs} ms`;
  const found = findings.map(({ check, detail }) => `  ${check}: ${detail}`);
  return [`${name}: FAILED; npm run faults -- --case ${name}`, error ?? '', ...found].join('\n');
}

function summarise(results: readonly CaseResult[], total: number): PartReport {
  const byAction = Map.groupBy(results, ({ name }) => name.split('/')[1] ?? '');
  const rows = [...byAction].map(([action, own]) => {
    const failed = own.filter(({ passed }) => !passed);
    const times = own.flatMap(({ recoveryMs }) => (recoveryMs === undefined ? [] : [recoveryMs]));
    return {
      what: `sweep: ${action}`,
      tried: own.length,
      failed: failed.length,
      figure: `published again after ${computeQuantile(times, 0.5)} ms (p50), ${computeQuantile(times, 0.99)} ms (p99); ${own.reduce((sum, { deliveries }) => sum + deliveries, 0)} deliveries; failure rate below ${computeUpperBoundPercent(own.length)} %`,
    };
  });
  const left = total - results.length;
  return { rows, failed: left > 0 || results.some(({ passed }) => !passed) };
}
