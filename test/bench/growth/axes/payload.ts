import { latchkey } from '../../arms/latchkey.ts';
import { drain } from '../../measure/drain.ts';
import { standardWorkload } from '../../workload/workload.ts';
import { type GrowthAxis, type Judgement, stepByStep } from '../axis.ts';
import { sumOwnMicros } from '../intake-run.ts';
import { NOT_MEASURED, nameOf } from '../judge.ts';
import type { GrowthPoint } from '../result.ts';

const KIB = 1_024;
/** Total bytes per step, so that large events take no longer than small ones. */
const TOTAL_BYTES = 48 * KIB * KIB;
const EVENTS_MAX = 15_000;
/** Size from which PostgreSQL stores values out of line. */
const LINEAR_FROM_KIB = 2;

export const payload: GrowthAxis = {
  name: 'payload',
  what: 'KiB an event',
  unit: 'µs CPU an event',
  bound: 'in proportion to the bytes beyond 2 KiB, or less',
  repetitions: () => 2,
  steps: (isLong) => (isLong ? [0.5, 2, 8, 32, 64] : [0.5, 2, 64]).map((x) => ({ x })),
  open: stepByStep(async ({ servers }, { x }) => {
    const events = Math.min(EVENTS_MAX, Math.round(TOTAL_BYTES / (x * KIB)));
    const workload = standardWorkload({ events, payloadBytes: Math.round(x * KIB) });
    const { cpuMicros, visiblePerSecond, faults } = await drain(servers, latchkey, workload);
    if (faults.length > 0) throw new Error(faults.join('\n'));
    return { value: sumOwnMicros(cpuMicros), perSecond: visiblePerSecond, cpuMicros };
  }),
  judge,
};

function judge(points: readonly GrowthPoint[]): Judgement {
  const base = points.find(({ x }) => x === LINEAR_FROM_KIB);
  const worst = points
    .filter(({ x }) => x > LINEAR_FROM_KIB)
    .map((point) => ({
      point,
      share: point.value / point.x / ((base?.value ?? 0) / LINEAR_FROM_KIB),
    }))
    .toSorted((a, b) => b.share - a.share)[0];
  if (base === undefined || worst === undefined) return NOT_MEASURED;
  return {
    verdict: worst.share <= 1 ? 'within' : 'beyond',
    note: `${nameOf(worst.point)} KiB: ${worst.share.toFixed(2)} × the cost of a KiB at 2 KiB`,
  };
}
