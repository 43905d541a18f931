import type { Check } from '../observations.ts';

const FINAL_ATTEMPT = new Set([
  'verified',
  'rejected',
  'max_attempts',
  'expired',
  'cancelled',
  'no_answer',
  'busy',
  'unreachable',
  'hung_up',
  'superseded',
]);
const FINAL_VERIFICATION = new Set(['verified', 'failed', 'locked', 'expired', 'cancelled']);

/**
 * I5: a final state never changes and is published once. When a verification is final, so are all of its
 * attempts.
 */
export const terminal: Check = ({ evidence, messages }) => {
  const attempts = new Map(
    evidence.attempts.map((row) => [`${row.verification} ${row.attempt}`, row.state]),
  );
  const verifications = new Map(
    evidence.verifications.map(({ verification, state }) => [verification, state]),
  );
  const contradicted = evidence.callbacks.flatMap(({ verification, attempt, finalState }) => {
    if (finalState === null) return [];
    const state = attempts.get(`${verification} ${attempt ?? ''}`);
    if (attempt !== null && state !== undefined) {
      const isFinal = FINAL_ATTEMPT.has(finalState) && finalState !== state;
      return isFinal ? [`attempt ${verification} ${attempt} was ${finalState}, is ${state}`] : [];
    }
    const now = verifications.get(verification);
    const isFinal = FINAL_VERIFICATION.has(finalState) && finalState !== now;
    return isFinal ? [`verification ${verification} was ${finalState}, is ${now}`] : [];
  });
  const settled = Map.groupBy(
    messages.filter(({ topic }) => topic === 'verifications'),
    ({ key }) => key,
  );
  const published = [...verifications].flatMap(([verification, state]) => {
    const outcomes = (settled.get(verification) ?? []).map(({ data }) => data['outcome']);
    const expected = state === 'pending' ? [] : [state];
    const isRight = outcomes.length === expected.length && outcomes[0] === expected[0];
    return isRight
      ? []
      : [`verification ${verification} is ${state}, published: ${outcomes.join()}`];
  });
  const open = evidence.attempts
    .filter(
      (row) => !FINAL_ATTEMPT.has(row.state) && verifications.get(row.verification) !== 'pending',
    )
    .map(
      (row) =>
        `attempt ${row.verification} ${row.attempt} is ${row.state} after its verification was settled`,
    );
  return [...contradicted, ...open, ...published];
};
