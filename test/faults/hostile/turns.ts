/**
 * Measures the longest turn of the event loop during `work`, in milliseconds of CPU time of this thread, which
 * excludes the time in which other processes have the CPU.
 */
export async function measureLongestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let isRunning = true;
  let before = process.threadCpuUsage();
  const sample = (): void => {
    const now = process.threadCpuUsage();
    longest = Math.max(longest, now.user + now.system - before.user - before.system);
    before = now;
  };
  const turn = (): void => {
    sample();
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isRunning = false;
  sample();
  return longest / 1_000;
}

/** Measures synchronous work in milliseconds of CPU time of this thread. */
export function measureCpuMs(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
