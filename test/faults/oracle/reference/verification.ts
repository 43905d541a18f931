import type {
  InputCheckedData,
  RequestedData,
  VerdictReachedData,
  VerificationOutcome,
} from '@latchkey/contracts';

/** A report about one verification. */
export type VerificationFact = { readonly eventId: string } & (
  | { readonly kind: 'requested'; readonly data: RequestedData }
  | {
      readonly kind: 'attempt-opened' | 'call-progressed';
      readonly data: { readonly attempt: string };
    }
  | { readonly kind: 'input-checked'; readonly data: InputCheckedData }
  | { readonly kind: 'verdict-reached'; readonly data: VerdictReachedData }
  | { readonly kind: 'cancelled'; readonly data: { readonly reason: string } }
);

/** One way in which a verification can end. */
export interface Ending {
  readonly outcome: VerificationOutcome;
  /** The attempt that made it `verified`. */
  readonly attempt?: string;
}

const FACTORS: Readonly<Record<string, readonly string[]>> = {
  'helpdesk-reset': ['pin'],
  'transfer-approval': ['pin', 'voice'],
  callback: [],
};
const MAX_FAILURES = 3;
const SCORE_THRESHOLD = 0.8;

/**
 * Every way in which these reports, taken in any order within the validity, can end a verification by
 * the example policy: none, and it is pending; one, and it is that; more, and the first that becomes
 * known wins. Each step is reported once, and no other verification is about its person.
 */
export function possibleEndings(facts: readonly VerificationFact[]): readonly Ending[] {
  const request = facts.find((fact) => fact.kind === 'requested')?.data;
  if (request === undefined) return [];
  const opened = new Set(
    facts.flatMap(({ kind, data }) => (kind === 'attempt-opened' ? [data.attempt] : [])),
  );
  const attempts = [...opened].sort().map((attempt) => attemptOf(attempt, facts, request));
  const failures = attempts.reduce((sum, attempt) => sum + attempt.failures, 0);
  const overs = attempts.filter(({ isOver }) => isOver).length;
  return [
    ...(facts.some(({ kind }) => kind === 'cancelled') ? [{ outcome: 'cancelled' } as const] : []),
    ...attempts.flatMap(({ endings }) => endings),
    ...(failures >= (request.maxFailures ?? MAX_FAILURES) ? [{ outcome: 'locked' } as const] : []),
    ...(overs >= (request.maxAttempts ?? Infinity) ? [{ outcome: 'failed' } as const] : []),
  ];
}

interface AttemptNow {
  readonly endings: readonly Ending[];
  readonly failures: number;
  /** Ended without deciding the verification. */
  readonly isOver: boolean;
}

function attemptOf(
  attempt: string,
  facts: readonly VerificationFact[],
  request: RequestedData,
): AttemptNow {
  const inputs = facts
    .flatMap(({ kind, data }) => (kind === 'input-checked' ? [data] : []))
    .filter((data) => data.attempt === attempt);
  const verdicts = facts
    .flatMap(({ kind, data }) => (kind === 'verdict-reached' ? [data] : []))
    .filter((data) => data.attempt === attempt);
  const mismatches = new Set(
    inputs.filter(({ result }) => result === 'mismatch').map(({ step }) => step),
  ).size;
  const isRejected = verdicts.some(({ verdict }) => verdict === 'rejected');
  return {
    endings: [...factorEndings(attempt, inputs, request), ...verdicts.flatMap(verdictEndings)],
    failures: mismatches === 0 && isRejected ? 1 : mismatches,
    isOver: isRejected || verdicts.some(({ verdict }) => verdict === 'cancelled'),
  };
}

function factorEndings(
  attempt: string,
  inputs: readonly InputCheckedData[],
  { purpose }: RequestedData,
): readonly Ending[] {
  const wanted = FACTORS[purpose] ?? [];
  const matched = new Set(
    inputs.filter(({ result }) => result === 'match').map(({ factor }) => factor),
  );
  const isComplete = wanted.length > 0 && wanted.every((factor) => matched.has(factor));
  return isComplete ? [{ outcome: 'verified', attempt }] : [];
}

function verdictEndings({ verdict, attempt, score }: VerdictReachedData): readonly Ending[] {
  switch (verdict) {
    case 'verified':
      return (score ?? 1) > SCORE_THRESHOLD ? [{ outcome: 'verified', attempt }] : [];
    case 'max_attempts':
      return [{ outcome: 'locked' }];
    case 'expired':
      return [{ outcome: 'expired' }];
    case 'rejected':
    case 'cancelled':
    case 'inconclusive':
      return [];
  }
}
