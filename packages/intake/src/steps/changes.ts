import type { EffectDataByType, EffectType } from '@latchkey/contracts';
import type {
  AccountRow,
  AssignmentRow,
  AttemptRow,
  AuditEntry,
  AuditText,
  CallbackRow,
  EngagementRowKey,
  FailedWork,
  FailureCountRow,
  GrownRecord,
  NewConflict,
  NewDeadLetter,
  NewFact,
  NewReview,
  RowKeyRow,
  SavedEngagement,
  SavedHead,
  SavedIdentity,
  SettledClaim,
  SuspendedIdentity,
  VerificationRow,
} from '@latchkey/postgres';
import type { SharedReview } from './reviews/shared-reviews.ts';

/** One message to downstream, before it has a lane. */
export type Effect = {
  [T in EffectType]: {
    readonly type: T;
    /** The message's key. */
    readonly key: string;
    /** The object that the generation counts: an account for access, else the key itself. */
    readonly object: string;
    readonly generation: bigint;
    readonly data: EffectDataByType[T];
    readonly decidedAtMs: number;
    /** Of the event that caused it. */
    readonly traceparent: string | undefined;
    readonly tracestate: string | undefined;
  };
}[EffectType];

/** An account as it is saved. */
export type SavedAccount = Omit<AccountRow, 'disabledAtMs' | 'deleteAtMs'> & {
  readonly disabledAtMs: number | undefined;
  readonly deleteAtMs: number | undefined;
};

/** What decisions change, as data; positions and marks are written beside it. */
export interface Changes {
  readonly claims: readonly SettledClaim[];
  readonly facts: readonly NewFact[];
  /** Heads that follow from facts, these included. */
  readonly heads: readonly SavedHead[];
  /** Engagements whose head does not count any more. */
  readonly droppedHeads: readonly EngagementRowKey[];
  /** Engagements with a new head, of which no trimmed key counts that is not among `trimmedKeys`. */
  readonly replacedKeys: readonly EngagementRowKey[];
  /** Keys of dated rows that new heads do not contain. */
  readonly trimmedKeys: readonly RowKeyRow[];
  readonly identities: readonly SavedIdentity[];
  /** Identities about which facts are added without a decision. */
  readonly grown: readonly GrownRecord[];
  /** Identities whose lifecycle alone is saved: they could not be decided. */
  readonly suspended: readonly SuspendedIdentity[];
  /** Identities that could not be decided: due work tries them again. */
  readonly handedOver: readonly FailedWork[];
  readonly engagements: readonly SavedEngagement[];
  readonly accounts: readonly SavedAccount[];
  readonly assignments: readonly AssignmentRow[];
  readonly endedAssignments: readonly {
    readonly accountId: string;
    readonly entitlement: string;
  }[];
  readonly verifications: readonly VerificationRow[];
  readonly attempts: readonly AttemptRow[];
  readonly callbacks: readonly CallbackRow[];
  readonly failureCounts: readonly FailureCountRow[];
  /** Only those that are not open yet are opened and announced. */
  readonly reviews: readonly NewReview[];
  /** Reviews that many people share; only people whose own review is new are counted. */
  readonly shared: readonly SharedReview[];
  /** Ids of reviews that need no decision any more; open ones are resolved and announced. */
  readonly resolved: readonly string[];
  readonly audit: readonly AuditEntry[];
  readonly auditTexts: readonly AuditText[];
  readonly deadLetters: readonly NewDeadLetter[];
  readonly conflicts: readonly NewConflict[];
  readonly effects: readonly Effect[];
}

/** How long the owner of a review has to resolve it. */
export const REVIEW_DUE_MS = 24 * 3_600_000;

export const NO_CHANGES: Changes = {
  claims: [],
  facts: [],
  heads: [],
  droppedHeads: [],
  replacedKeys: [],
  trimmedKeys: [],
  identities: [],
  grown: [],
  suspended: [],
  handedOver: [],
  engagements: [],
  accounts: [],
  assignments: [],
  endedAssignments: [],
  verifications: [],
  attempts: [],
  callbacks: [],
  failureCounts: [],
  reviews: [],
  shared: [],
  resolved: [],
  audit: [],
  auditTexts: [],
  deadLetters: [],
  conflicts: [],
  effects: [],
};

/** The rows of all parts, in their order. */
export function joinChanges(parts: readonly Partial<Changes>[]): Changes {
  const joined: Record<string, readonly unknown[]> = { ...NO_CHANGES };
  const own = new Map<string, unknown[]>();
  for (const part of parts) {
    for (const name in part) {
      const rows: readonly unknown[] = part[name as keyof Changes] ?? [];
      if (rows.length > 0) appendRows(own, name, rows);
    }
  }
  for (const [name, rows] of own) joined[name] = rows;
  return joined as unknown as Changes;
}

/** Creates a list with its first rows: most parts have rows of few kinds. */
function appendRows(own: Map<string, unknown[]>, name: string, rows: readonly unknown[]): void {
  const before = own.get(name);
  if (before === undefined) own.set(name, [...rows]);
  else for (const row of rows) before.push(row);
}
