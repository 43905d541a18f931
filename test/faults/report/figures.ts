/** A quantile of some figures, rounded; `-` of none. */
export function quantile(figures: readonly number[], share: number): string {
  const sorted = figures.toSorted((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return found === undefined ? '-' : String(Math.round(found));
}

/** The rule of three: no failure in so many runs bounds the rate below this, with 95 % confidence. */
export function upperBoundPercent(runs: number): string {
  return runs === 0 ? '-' : ((3 / runs) * 100).toPrecision(2);
}
