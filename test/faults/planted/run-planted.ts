import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { openStack } from '../../../tools/stack/open-stack.ts';
import { copySources } from '../../support/source-copy.ts';
import type { Servers } from '../arena/arena.ts';
import type { KeptPart } from '../kept/kept.ts';
import { recallOrRun } from '../kept/kept-rows.ts';
import type { PartReport, ReportRow } from '../report/part.ts';
import { DEFECTS, type Defect, patchPathOf } from './defects.ts';
import { spawnTrial, type Verdict } from './spawn-trial.ts';
import { TRIALS, type TrialName } from './trials.ts';

export interface PlantedOptions {
  /** Number of a single defect; undefined: all. */
  readonly only: number | undefined;
  /** Concurrent trials. */
  readonly jobs: number;
  readonly kept: KeptPart;
  readonly print: (line: string) => void;
}

/** A trial, with or without a planted defect. */
interface Job {
  readonly trial: TrialName;
  readonly defect: Defect | undefined;
}

/**
 * Plants one defect after the other and expects that its checks report it. The same trials of the
 * unchanged sources must find nothing, otherwise they prove nothing.
 *
 * @throws RangeError when there is no such defect
 */
export async function runPlanted(servers: Servers, options: PlantedOptions): Promise<PartReport> {
  const defects = DEFECTS.filter(({ number }) => number === (options.only ?? number));
  if (defects.length === 0) throw new RangeError(`--planted: expected 1 to ${DEFECTS.length}`);
  const sound = [...new Set(defects.map(({ trial }) => trial))].map(
    (trial): Job => ({ trial, defect: undefined }),
  );
  const jobs = [...sound, ...defects.map((defect): Job => ({ trial: defect.trial, defect }))];
  const onOne = jobs.filter(({ trial }) => TRIALS[trial].brokers === 1);
  const onThree = jobs.filter(({ trial }) => TRIALS[trial].brokers === 3);
  const rows = await runJobs(onOne, servers, options);
  if (await isAnyLeft(onThree, options.kept)) {
    await using stack = await openStack({ brokers: 3, local: true, log: options.print });
    const { databaseUrl, brokers } = stack;
    const three = { databaseUrl, brokers, runId: servers.runId };
    // Sequentially: three brokers already load the machine.
    rows.push(...(await runJobs(onThree, three, { ...options, jobs: 1 })));
  } else {
    rows.push(...(await runJobs(onThree, servers, options)));
  }
  const planted = rows.filter(({ number }) => number !== undefined);
  const caught = planted.filter(({ row }) => row.failed === 0).length;
  options.print(`${caught} of ${planted.length} caught`);
  const sorted = rows.toSorted((a, b) => (a.number ?? 0) - (b.number ?? 0)).map(({ row }) => row);
  return { rows: sorted, failed: sorted.some(({ failed }) => failed > 0) };
}

interface JobRow {
  readonly number: number | undefined;
  readonly row: ReportRow;
}

async function runJobs(
  jobs: readonly Job[],
  servers: Servers,
  options: PlantedOptions,
): Promise<JobRow[]> {
  const left = [...jobs];
  const rows: JobRow[] = [];
  const work = async (): Promise<void> => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) {
      const row = await rowOfJob(job, servers, options);
      options.print(`${row.what}: ${row.figure}`);
      rows.push({ number: job.defect?.number, row });
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  return rows;
}

/** True if at least one trial has no stored result. */
async function isAnyLeft(jobs: readonly Job[], kept: KeptPart): Promise<boolean> {
  const names = await Promise.all(jobs.map(resultNameOf));
  return names.some((name) => kept.recall(name) === undefined);
}

async function rowOfJob(job: Job, servers: Servers, options: PlantedOptions): Promise<ReportRow> {
  const { kept, print } = options;
  return recallOrRun(kept, await resultNameOf(job), async () =>
    rowOf(job, await runJob(job, servers, print)),
  );
}

/** Includes a digest of the patch: a changed patch is a new defect. */
async function resultNameOf({ trial, defect }: Job): Promise<string> {
  if (defect === undefined) return `nothing/${trial}`;
  const patch = await readFile(patchPathOf(defect));
  const digest = createHash('sha256').update(patch).digest('hex').slice(0, 16);
  return `${defect.number}/${trial}/${digest}`;
}

/** Retries a trial once if it ended without a verdict. */
async function runJob(
  { trial, defect }: Job,
  servers: Servers,
  print: PlantedOptions['print'],
): Promise<Verdict> {
  await using copy = await copySources(defect && patchPathOf(defect));
  // A defect may add a migration, so each defect has its own database template.
  const trialServers = { ...servers, runId: `${servers.runId}_p${defect?.number ?? 0}` };
  const first = await spawnTrial(copy.folder, trial, trialServers);
  if (first.error === undefined) return first;
  print(`${trial}: retry: ${first.error}`);
  return await spawnTrial(copy.folder, trial, trialServers);
}

function rowOf({ trial, defect }: Job, { findings, error, tookMs }: Verdict): ReportRow {
  const reported = [...new Set(findings.map(({ check }) => check))];
  const reason = error === undefined ? undefined : extractMessage(error);
  const took = `${trial}, ${Math.round(tookMs / 1_000)} s`;
  const first = findings[0] === undefined ? '' : `: ${findings[0].detail.slice(0, 200)}`;
  if (defect === undefined) {
    const isSound = error === undefined && reported.length === 0;
    const figure = isSound ? 'nothing found' : (reason ?? `found ${reported.join(', ')}${first}`);
    return row(`nothing planted: ${trial}`, isSound, `${figure} (${took})`);
  }
  const isCaught = defect.checks.some((check) => reported.includes(check));
  const missed =
    reason ?? (reported.length === 0 ? 'no findings' : `only ${reported.join(', ')}${first}`);
  const figure = isCaught ? `caught by ${reported.join(', ')}` : `MISSED: ${missed}`;
  return row(`planted ${defect.number}: ${defect.what}`, isCaught, `${figure} (${took})`);
}

/** The message line of an error text with a stack. */
function extractMessage(error: string): string {
  const lines = error.split('\n').map((line) => line.trim());
  return lines.find((line) => /^(\w*Error\b|error:)/.test(line)) ?? lines.join(' ').slice(0, 200);
}

function row(what: string, isRight: boolean, figure: string): ReportRow {
  return { what, tried: 1, failed: isRight ? 0 : 1, figure };
}
