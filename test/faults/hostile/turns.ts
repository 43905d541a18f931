/**
 * The most that this thread has worked in one turn of its event loop while `work` went on, in milliseconds of
 * its own: not of the clock, which goes on while others have the machine.
 */
export async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let isRunning = true;
  let before = process.threadCpuUsage();
  const look = (): void => {
    const now = process.threadCpuUsage();
    longest = Math.max(longest, now.user + now.system - before.user - before.system);
    before = now;
  };
  const turn = (): void => {
    look();
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isRunning = false;
  look();
  return longest / 1_000;
}

/** What work that does not wait takes of this thread, in milliseconds of its own. */
export function ownMs(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
