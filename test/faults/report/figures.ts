/** A quantile, rounded; `-` if there are no figures. */
export function computeQuantile(figures: readonly number[], share: number): string {
  const sorted = figures.toSorted((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return found === undefined ? '-' : String(Math.round(found));
}

/** Rule of three: upper bound of the failure rate after so many runs without a failure, at 95 % confidence. */
export function computeUpperBoundPercent(runs: number): string {
  return runs === 0 ? '-' : ((3 / runs) * 100).toPrecision(2);
}
