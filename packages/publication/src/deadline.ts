/**
 * Settles as `work` does, or rejects after `deadlineMs`. The work itself is not cancelled: after a rejection the caller
 * must not use its connection again.
 *
 * @param what - names the work in the error: `<what> took longer than <deadlineMs> ms`
 */
export async function withDeadline<T>(
  work: Promise<T>,
  deadlineMs: number,
  what: string,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`${what} took longer than ${deadlineMs} ms`));
  }, deadlineMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
