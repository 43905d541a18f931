/** How long a part took, in all runs that it took. */
export interface PartTime {
  readonly part: string;
  readonly tookMs: number;
}

/** The lines behind the table: each part, all of them, and in how many runs. */
export function printTimes(times: readonly PartTime[], runs: number): void {
  const lines = times.map(({ part, tookMs }) => `${part} ${minutesOf(tookMs)}`);
  const all = times.reduce((sum, { tookMs }) => sum + tookMs, 0);
  const inRuns = runs === 1 ? 'one run' : `${runs} runs`;
  process.stdout.write(`\ntook: ${lines.join(', ')}; in all ${minutesOf(all)}, in ${inRuns}\n`);
}

function minutesOf(ms: number): string {
  return `${(ms / 60_000).toFixed(1)} min`;
}
