import type { Servers } from '../arena/arena.ts';
import { RECONCILER_POINTS, RELAY_POINTS } from '../failpoints/points.ts';
import type { KeptPart } from '../kept/kept.ts';
import { quantile, upperBoundPercent } from '../report/figures.ts';
import type { PartReport } from '../report/part.ts';
import { type CaseResult, runCampaign } from './campaign.ts';
import { casesOf, type FaultCase, nameOf } from './case.ts';

/** Four parts of the same work, of about the same length. */
const PARTS = [
  RECONCILER_POINTS.slice(0, 5),
  RECONCILER_POINTS.slice(5),
  RELAY_POINTS.slice(0, 4),
  RELAY_POINTS.slice(4),
];

export interface SweepOptions {
  readonly seeds: number;
  /** Arenas at once. */
  readonly jobs: number;
  readonly kept: KeptPart;
  readonly print: (line: string) => void;
}

/** Every failpoint with every action and every seed, but those that have passed before. */
export async function runSweep(servers: Servers, options: SweepOptions): Promise<PartReport> {
  const { seeds, jobs, kept, print } = options;
  const all = Array.from({ length: seeds }, (_, index) =>
    PARTS.map((points) => casesOf(points, index + 1)),
  ).flat();
  const results = all
    .flat()
    .map((one) => kept.recall(nameOf(one)) as CaseResult | undefined)
    .filter((known) => known !== undefined);
  const campaigns = all
    .map((cases) => cases.filter((one) => kept.recall(nameOf(one)) === undefined))
    .filter((cases) => cases.length > 0);
  const total = all.flat().length;
  const tell = async (result: CaseResult): Promise<void> => {
    results.push(result);
    if (result.passed) await kept.keep(result.name, result);
    print(`${results.length}/${total} ${lineOf(result)}`);
  };
  await Promise.all(Array.from({ length: jobs }, () => work(servers, campaigns, tell)));
  return reportOf(results, total);
}

/** Runs one case and says everything that is known of it. */
export async function runOneCase(
  servers: Servers,
  one: FaultCase,
  print: (line: string) => void,
): Promise<PartReport> {
  const results: CaseResult[] = [];
  await runCampaign(servers, [one], (result, arena) => {
    results.push(result);
    print(lineOf(result));
    if (result.passed) return;
    for (const member of arena.members) print(`${member.name}:\n${member.output()}`);
  });
  return reportOf(results, 1);
}

async function work(
  servers: Servers,
  campaigns: (readonly FaultCase[])[],
  tell: (result: CaseResult) => Promise<void>,
): Promise<void> {
  for (let cases = campaigns.shift(); cases !== undefined; cases = campaigns.shift()) {
    await runCampaign(servers, cases, tell);
  }
}

function lineOf({ name, passed, tookMs, recoveryMs, findings, error }: CaseResult): string {
  if (passed) return `${name}: passed in ${tookMs} ms, published again after ${recoveryMs} ms`;
  const found = findings.map(({ check, detail }) => `  ${check}: ${detail}`);
  return [`${name}: FAILED; npm run faults -- --case ${name}`, error ?? '', ...found].join('\n');
}

function reportOf(results: readonly CaseResult[], total: number): PartReport {
  const byAction = Map.groupBy(results, ({ name }) => name.split('/')[1] ?? '');
  const rows = [...byAction].map(([action, own]) => {
    const failed = own.filter(({ passed }) => !passed);
    const times = own.flatMap(({ recoveryMs }) => (recoveryMs === undefined ? [] : [recoveryMs]));
    return {
      what: `sweep: ${action}`,
      tried: own.length,
      failed: failed.length,
      figure: `published again after ${quantile(times, 0.5)} ms (p50), ${quantile(times, 0.99)} ms (p99); ${own.reduce((sum, { deliveries }) => sum + deliveries, 0)} deliveries; a case fails in less than ${upperBoundPercent(own.length)} %`,
    };
  });
  const left = total - results.length;
  return { rows, failed: left > 0 || results.some(({ passed }) => !passed) };
}
