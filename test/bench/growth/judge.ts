import type { Judgement } from './axis.ts';
import type { GrowthPoint } from './result.ts';

/** Each point is at most `limit` times the first. */
export function atMostTimes(limit: number): (points: readonly GrowthPoint[]) => Judgement {
  return (points) => worstAgainst(points, points[0], limit);
}

/** The last point is at most `limit` times the first. */
export function lastAtMostTimes(limit: number): (points: readonly GrowthPoint[]) => Judgement {
  return (points) => worstAgainst(points.slice(-1), points[0], limit);
}

/** Each point is at least this share of the first. */
export function atLeastShare(limit: number): (points: readonly GrowthPoint[]) => Judgement {
  return (points) => {
    const [first, ...later] = points;
    const [lowest] = later.toSorted((a, b) => a.value - b.value);
    if (first === undefined || lowest === undefined) return NOT_MEASURED;
    const share = lowest.value / first.value;
    return {
      verdict: share >= limit ? 'within' : 'beyond',
      note: `${nameOf(lowest)}: ${share.toFixed(2)} of ${nameOf(first)}`,
    };
  };
}

export const NOT_MEASURED: Judgement = { verdict: 'not measured', note: 'too few points' };

function worstAgainst(
  points: readonly GrowthPoint[],
  first: GrowthPoint | undefined,
  limit: number,
): Judgement {
  const [worst] = points.filter((point) => point !== first).toSorted((a, b) => b.value - a.value);
  if (first === undefined || worst === undefined) return NOT_MEASURED;
  const times = worst.value / first.value;
  return {
    verdict: times <= limit ? 'within' : 'beyond',
    note: `${nameOf(worst)}: ${times.toFixed(2)} × ${nameOf(first)}`,
  };
}

/** Label of a point. */
export function nameOf({ x, label }: GrowthPoint): string {
  return label ?? x.toLocaleString('en');
}
