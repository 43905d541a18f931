import type {
  CallProgressedData,
  InputCheckedData,
  RequestedData,
  VerdictReachedData,
  VerificationOutcome,
} from '@latchkey/contracts';

/** A report about one verification. */
export type VerificationFact = { readonly eventId: string } & (
  | { readonly kind: 'requested'; readonly data: RequestedData }
  | { readonly kind: 'attempt-opened'; readonly data: { readonly attempt: string } }
  | { readonly kind: 'call-progressed'; readonly data: CallProgressedData }
  | { readonly kind: 'input-checked'; readonly data: InputCheckedData }
  | { readonly kind: 'verdict-reached'; readonly data: VerdictReachedData }
  | { readonly kind: 'cancelled'; readonly data: { readonly reason: string } }
);

/** One possible end of a verification. */
export interface Ending {
  readonly outcome: VerificationOutcome;
  /** The attempt that verified it. */
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
 * Lists every possible end of a verification by the example policy, for any order of these reports within the
 * validity and one grace period, after all grace periods are over. None: it is pending. Several: the first that
 * becomes known wins. Assumes that each step is reported once, and that no other verification is about the person.
 */
export function listEndings(facts: readonly VerificationFact[]): readonly Ending[] {
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
  /** It ended without deciding the verification. */
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
  const isCancelled = verdicts.some(({ verdict }) => verdict === 'cancelled');
  return {
    endings: [
      ...(isVerified(inputs, verdicts, request) ? [{ outcome: 'verified', attempt } as const] : []),
      ...verdicts.flatMap(verdictEndings),
    ],
    failures: mismatches === 0 && isRejected ? 1 : mismatches,
    isOver: isRejected || isCancelled || deriveCallEnd(facts, attempt) !== undefined,
  };
}

/** A success counts for the factors that its method names; without factors in the purpose, any success counts. */
function isVerified(
  inputs: readonly InputCheckedData[],
  verdicts: readonly VerdictReachedData[],
  { purpose }: RequestedData,
): boolean {
  const wanted = FACTORS[purpose] ?? [];
  const successes = verdicts.filter(
    ({ verdict, score }) => verdict === 'verified' && (score ?? 1) > SCORE_THRESHOLD,
  );
  if (wanted.length === 0) return successes.length > 0;
  const matched = [
    ...inputs.filter(({ result }) => result === 'match').map(({ factor }) => factor),
    ...successes.flatMap(({ method }) => (method ?? '').split('+')),
  ];
  return wanted.every((factor) => matched.includes(factor));
}

const REASONS = [
  ['busy', 'busy'],
  ['no_answer', 'no_answer'],
  ['failed', 'unreachable'],
  ['canceled', 'cancelled'],
  ['completed', 'hung_up'],
] as const;

/**
 * Derives the end of an attempt without a verdict, after the grace period: it has ended if its session has ended, or
 * each of its legs. Undefined while the call continues. Valid for at most 20 legs.
 */
export function deriveCallEnd(
  facts: readonly VerificationFact[],
  attempt: string,
): (typeof REASONS)[number][1] | undefined {
  const progress = facts
    .flatMap(({ kind, data }) => (kind === 'call-progressed' ? [data] : []))
    .filter((data) => data.attempt === attempt);
  const phones = [...Map.groupBy(progress, ({ call }) => call.leg ?? '')];
  const legs = phones.filter(([name]) => name !== '').map(([, reports]) => reports);
  const session = progress.filter(({ call }) => call.leg === undefined);
  const hasEnded = (reports: readonly CallProgressedData[]) =>
    reports.some(({ status }) => status === 'ended');
  if (!hasEnded(session) && (legs.length === 0 || !legs.every(hasEnded))) return undefined;
  const answered = phones
    .map(([, reports]) => reports)
    .filter((reports) =>
      reports.some((one) => one.status === 'answered' || one.answeredBy !== undefined),
    );
  const reasonIn = (reports: readonly CallProgressedData[]) =>
    REASONS.find(([reason]) => reports.some(({ endReason }) => endReason === reason))?.[1];
  if (answered.length === 0) return reasonIn(progress) ?? 'hung_up';
  return reasonIn(answered.flat()) ?? reasonIn(session) ?? 'hung_up';
}

function verdictEndings({ verdict }: VerdictReachedData): readonly Ending[] {
  switch (verdict) {
    case 'max_attempts':
      return [{ outcome: 'locked' }];
    case 'expired':
      return [{ outcome: 'expired' }];
    case 'verified':
    case 'rejected':
    case 'cancelled':
    case 'inconclusive':
      return [];
  }
}
