/** Returns a function that starts `work` unless an earlier call is still running. The work must not reject. */
export function skipWhileRunning(work: () => Promise<void>): () => void {
  let isRunning = false;
  return () => {
    if (isRunning) return;
    isRunning = true;
    void work().then(() => {
      isRunning = false;
    });
  };
}
