import { copyRevision, copySources } from '../../support/source-copy.ts';
import { drain } from '../measure/drain.ts';
import { measureLatency } from '../measure/latency.ts';
import { onServers } from '../on-servers.ts';
import { lineOf, markdownTable } from '../report/table.ts';
import type { Summary } from '../statistics.ts';
import { standardWorkload } from '../workload/workload.ts';
import { type Measured, type Pair, type Ratio, ratiosOf } from './ratios.ts';
import { openRevisionArm, type RevisionArm } from './revision-arm.ts';

export interface PairsOptions {
  /** Compared with the sources as they are here: a commit, branch or tag. */
  readonly against: string;
  readonly pairs: number;
  /** Of each throughput measurement. */
  readonly events: number;
  readonly latencySeconds: number;
  readonly print: (line: string) => void;
}

/** Slow enough for batches of a few events each. */
const LATENCY_PER_SECOND = 200;

/**
 * Measures the sources here and another revision in pairs, the first of a pair being here and there in
 * turn, behind a pair that does not count; prints the ratios. False where an arm has lost or doubled something.
 */
export function runPairs(options: PairsOptions): Promise<boolean> {
  const { against, print } = options;
  return onServers(print, async (servers) => {
    // Both run from a copy, so that they start in the same way.
    await using copyHere = await copySources();
    await using copyThere = await copyRevision(against);
    const arms = {
      here: await openRevisionArm(servers, { name: 'here', what: 'this tree', copy: copyHere }),
      there: await openRevisionArm(servers, { name: 'there', what: against, copy: copyThere }),
    };
    const pairs: Pair[] = [];
    for (let number = 0; number <= options.pairs; number += 1) {
      const pair = await measurePair(arms, number, options);
      if (number > 0) pairs.push(pair);
    }
    process.stdout.write(`\n${ratioTable(ratiosOf(pairs), against)}\n`);
    return pairs.every(({ here, there }) =>
      [here, there].every(({ throughput }) => throughput.faults.length === 0),
    );
  });
}

async function measurePair(
  arms: Readonly<Record<'here' | 'there', RevisionArm>>,
  number: number,
  options: PairsOptions,
): Promise<Pair> {
  options.print(number === 0 ? 'warm-up' : `pair ${number}/${options.pairs}`);
  if (number % 2 === 1) {
    const here = await measure(arms.here, number, options);
    return { here, there: await measure(arms.there, number, options) };
  }
  const there = await measure(arms.there, number, options);
  return { here: await measure(arms.here, number, options), there };
}

async function measure(
  { arm, servers }: RevisionArm,
  number: number,
  { events, latencySeconds: seconds, print }: PairsOptions,
): Promise<Measured> {
  const throughput = await drain(servers, arm, standardWorkload({ events, seed: number + 1 }));
  print(lineOf(throughput));
  const schedule = { load: Number.NaN, perSecond: LATENCY_PER_SECOND, seconds };
  const latency = await measureLatency(servers, arm, schedule);
  print(
    `${arm.name.padEnd(12)} p50 ${latency.p50Ms.toFixed(1)} ms  p99 ${latency.p99Ms.toFixed(1)} ms`,
  );
  return { throughput, latency };
}

function ratioTable(ratios: readonly Ratio[], against: string): string {
  const [first] = ratios;
  const head = ['', 'here', against, `ratio, median of ${first?.ratio.count ?? 0} (least–most)`];
  const rows = ratios.map(({ name, here, there, ratio }) => [
    name,
    here.median.toFixed(1),
    there.median.toFixed(1),
    rangeOf(ratio),
  ]);
  return markdownTable([head, ...rows]);
}

function rangeOf({ median, least, most }: Summary): string {
  return `${median.toFixed(3)} (${least.toFixed(3)}–${most.toFixed(3)})`;
}
