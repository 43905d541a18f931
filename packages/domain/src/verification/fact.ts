import {
  type AttemptOpenedData,
  type CallProgressedData,
  type InputCheckedData,
  type VerdictReachedData,
} from '@latchkey/contracts';

export type Channel = AttemptOpenedData['channel'];
export type CallStatus = CallProgressedData['status'];
export type EndReason = NonNullable<CallProgressedData['endReason']>;
export type InputResult = InputCheckedData['result'];
export type Verdict = VerdictReachedData['verdict'];

/** When the broker or the bridge stamped a fact, not when it was read. */
interface Stamped {
  readonly eventId: string;
  readonly takenAtMs: number;
}

export interface OpenedFact extends Stamped {
  readonly kind: 'opened';
  readonly channel: Channel;
}

export interface InputFact extends Stamped {
  readonly kind: 'input';
  readonly step: string;
  readonly factor?: string;
  readonly result: InputResult;
}

export interface VerdictFact extends Stamped {
  readonly kind: 'verdict';
  readonly verdict: Verdict;
  readonly method?: string;
}

export interface ProgressFact extends Stamped {
  readonly kind: 'progress';
  /** `undefined`: it is about the session as a whole. */
  readonly leg?: string;
  readonly status: CallStatus;
  readonly answeredBy?: 'human' | 'machine';
  readonly endReason?: EndReason;
}

/** What can decide about an attempt, and therefore waits where the attempt is not known yet. */
export type DecidingFact = OpenedFact | InputFact | VerdictFact;
/** Every fact about an attempt. */
export type AttemptFact = DecidingFact | ProgressFact;

/** What a report names of the call behind an attempt. */
export interface CallNames {
  readonly platform: string;
  readonly session: string | undefined;
}

export function factOfOpened(data: AttemptOpenedData, stamped: Stamped): OpenedFact {
  return { kind: 'opened', ...stamped, channel: data.channel };
}

export function factOfInput(data: InputCheckedData, stamped: Stamped): InputFact {
  const { step, factor, result } = data;
  return { kind: 'input', ...stamped, step, result, ...(factor === undefined ? {} : { factor }) };
}

/** A success whose score is not over the threshold is no verdict: it becomes `inconclusive`. */
export function factOfVerdict(
  data: VerdictReachedData,
  stamped: Stamped,
  scoreThreshold: number,
): VerdictFact {
  const { verdict, score, method } = data;
  const tooLow = verdict === 'verified' && score !== undefined && !(score > scoreThreshold);
  return {
    kind: 'verdict',
    ...stamped,
    verdict: tooLow ? 'inconclusive' : verdict,
    ...(method === undefined ? {} : { method }),
  };
}

/** The platform's own `sequence` is not used: progress is merged by rank. */
export function factOfProgress(data: CallProgressedData, stamped: Stamped): ProgressFact {
  const { status, answeredBy, endReason, call } = data;
  return {
    kind: 'progress',
    ...stamped,
    status,
    ...(call.leg === undefined ? {} : { leg: call.leg }),
    ...(answeredBy === undefined ? {} : { answeredBy }),
    ...(endReason === undefined ? {} : { endReason }),
  };
}
