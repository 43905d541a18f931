import { fileURLToPath } from 'node:url';
import { KAFKA_VERSION } from '../../tools/stack/local/install-kafka.ts';
import type { Context } from './context.ts';
import { runGrowth } from './growth/run-growth.ts';
import { onServers } from './on-servers.ts';
import { runAblations } from './parts/ablations.ts';
import { runBacklog } from './parts/backlog.ts';
import { runLatency } from './parts/latency.ts';
import { runRelay } from './parts/relay.ts';
import { runThroughput } from './parts/throughput.ts';
import { runYear } from './parts/year.ts';
import { commitOf, describeMachine, describeVersions } from './report/machine.ts';
import type { Measured, PartName, Parts, Results } from './report/results.ts';
import { summaryText } from './report/summary.ts';
import { saveResults, writeReport } from './report/write.ts';
import type { Sizes } from './sizes.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface BenchOptions {
  readonly parts: readonly PartName[];
  readonly sizes: Sizes;
  /** Axes of growth; undefined: all. */
  readonly axes?: readonly string[];
  /** Command line, for the report. */
  readonly command: string;
  readonly isWritten: boolean;
  readonly print: (line: string) => void;
}

/** Measures the parts on a new stack and prints the table. False if an arm has lost or duplicated anything. */
export function runBench(options: BenchOptions): Promise<boolean> {
  const { sizes, print } = options;
  return onServers(print, async (servers, kind) => {
    const kafka = kind === 'environment' ? 'as KAFKA_BROKERS has it' : KAFKA_VERSION;
    const machine = await describeMachine();
    const versions = await describeVersions(servers.databaseUrl, kafka);
    const parts = await runParts({ servers, sizes, print }, options);
    const results: Results = { machine, versions, parts };
    process.stdout.write(`\n${summaryText(parts)}\n`);
    if (options.isWritten) {
      await saveResults(results);
      await writeReport();
    }
    return isSound(parts);
  });
}

async function runParts(context: Context, options: BenchOptions): Promise<Parts> {
  const { parts, command, print, axes } = options;
  const { people } = context.sizes;
  const commit = await commitOf(ROOT);
  const measured = async <T>(
    name: PartName,
    work: () => Promise<T>,
  ): Promise<Measured<T> | undefined> => {
    if (!parts.includes(name)) return undefined;
    print(`part: ${name}`);
    const at = new Date().toISOString();
    return { at, command, commit, figures: await work() };
  };
  const throughput = await measured('throughput', () => runThroughput(context));
  const ablations = await measured('ablations', () => runAblations(context));
  const latency = await measured('latency', () => runLatency(context, throughput?.figures));
  const relay = await measured('relay', () => runRelay(context));
  const backlog = await measured('backlog', () => runBacklog(context));
  const year = await measured('year', () => runYear(context));
  const growth = await measured('growth', () =>
    runGrowth(context.servers, {
      isLong: context.sizes.growth === 'long',
      print,
      ...(axes && { only: axes }),
      ...(people && { people }),
    }),
  );
  return {
    ...(throughput && { throughput }),
    ...(ablations && { ablations }),
    ...(latency && { latency }),
    ...(relay && { relay }),
    ...(backlog && { backlog }),
    ...(year && { year }),
    ...(growth && { growth }),
  };
}

function isSound({ throughput, ablations, backlog, year }: Parts): boolean {
  const rounds = [throughput, ablations, backlog].flatMap((part) => part?.figures ?? []);
  const checked = [...rounds, ...(year ? [year.figures] : [])];
  return checked.every(({ faults }) => faults.length === 0);
}
