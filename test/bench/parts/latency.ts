import { latchkey } from '../arms/latchkey.ts';
import type { Context } from '../context.ts';
import { type DrainFigures, drain } from '../measure/drain.ts';
import { type LatencyFigures, measureLatency } from '../measure/latency.ts';
import { median } from '../statistics.ts';
import { standardWorkload } from '../workload/workload.ts';

/**
 * Measures latencies at shares of the capacity of Latchkey.
 *
 * @param throughput - rounds of this run; without them, the capacity is measured first
 */
export async function runLatency(
  { servers, sizes, print }: Context,
  throughput: readonly DrainFigures[] | undefined,
): Promise<readonly LatencyFigures[]> {
  const rounds = throughput?.filter(({ arm }) => arm === latchkey.name) ?? [
    await drain(servers, latchkey, standardWorkload({ events: sizes.ablationEvents })),
  ];
  const capacity = median(rounds.map(({ visiblePerSecond }) => visiblePerSecond));
  const all: LatencyFigures[] = [];
  for (const load of sizes.loads) {
    const perSecond = Math.max(1, Math.round(capacity * load));
    const schedule = { load, perSecond, seconds: sizes.latencySeconds };
    const figures = await measureLatency(servers, latchkey, schedule);
    const { p50Ms, p99Ms, maxMs, samples } = figures;
    print(
      `latency at ${perSecond}/s: p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ` +
        `most ${maxMs.toFixed(0)} ms of ${samples}`,
    );
    all.push(figures);
  }
  return all;
}
