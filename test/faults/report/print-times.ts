/** Duration of a part, over all of its runs. */
export interface PartTime {
  readonly part: string;
  readonly tookMs: number;
}

/** Prints the duration of each part, the total, and the number of runs. */
export function printTimes(times: readonly PartTime[], runs: number): void {
  const lines = times.map(({ part, tookMs }) => `${part} ${minutesOf(tookMs)}`);
  const all = times.reduce((sum, { tookMs }) => sum + tookMs, 0);
  const inRuns = runs === 1 ? 'one run' : `${runs} runs`;
  process.stdout.write(`\ntook: ${lines.join(', ')}; in all ${minutesOf(all)}, in ${inRuns}\n`);
}

function minutesOf(ms: number): string {
  return `${(ms / 60_000).toFixed(1)} min`;
}
