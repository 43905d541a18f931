/** Does nothing while the work of an earlier call is under way; the work must not reject. */
export function oneAtATime(work: () => Promise<void>): () => void {
  let isUnderWay = false;
  return () => {
    if (isUnderWay) return;
    isUnderWay = true;
    void work().then(() => {
      isUnderWay = false;
    });
  };
}
