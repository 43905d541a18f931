import type { Check } from '../observations.ts';

interface Decision {
  readonly kind: string;
  readonly accountId?: string;
  readonly from?: string | null;
  readonly to?: string;
}

/**
 * I6: every change has the audit entry of its decision, and every entry has its change. Entries with the same
 * moment belong to one transaction, in which an account changes once.
 */
export const audit: Check = (observed) => {
  const entries = observed.evidence.audit.map(({ subjectId, decidedAt, eventId, decisions }) => {
    return { subjectId, decidedAt, eventId, decisions: JSON.parse(decisions) as Decision[] };
  });
  const bySubject = Map.groupBy(entries, ({ subjectId }) => subjectId);
  const decisionsOf = (subject: string): readonly Decision[] =>
    (bySubject.get(subject) ?? []).flatMap(({ decisions }) => decisions);
  const momentsOf = new Map<string, Set<string>>();
  for (const { decidedAt, decisions } of entries) {
    for (const { accountId } of decisions) {
      if (accountId === undefined) continue;
      momentsOf.set(accountId, (momentsOf.get(accountId) ?? new Set()).add(decidedAt));
    }
  }
  const { identities, accounts, verifications, facts, callbacks } = observed.evidence;
  const decided = new Set(entries.map(({ eventId }) => eventId));
  return [
    ...identities.flatMap(({ identityId, generation, lifecycle }) =>
      checkLifecycle(identityId, Number(generation), lifecycle, decisionsOf(identityId)),
    ),
    ...accounts.flatMap(({ accountId, generation }) => {
      const moments = momentsOf.get(accountId)?.size ?? 0;
      return moments === Number(generation)
        ? []
        : [`account ${accountId}: generation ${generation}, decided ${moments} times`];
    }),
    ...verifications.flatMap(({ verification, state }) => {
      const all = decisionsOf(verification);
      const settled = all.filter(({ kind }) => kind === 'verification_settled').length;
      const isRight = settled === (state === 'pending' ? 0 : 1);
      return isRight ? [] : [`verification ${verification}: ${state}, settled ${settled} times`];
    }),
    ...[...facts, ...callbacks]
      .filter(({ eventId }) => !decided.has(eventId))
      .map(({ eventId }) => `${eventId} has no audit entry`),
  ];
};

/**
 * Every entry has one position, positions are contiguous from 1, and those of a subject rise in the order of its
 * entries.
 */
export const auditOrder: Check = ({ evidence: { auditOrder: entries } }) => {
  const missing = entries
    .filter(({ position }) => position === null)
    .map(({ auditId, subject }) => `entry ${auditId} of ${subject} has no position`);
  const positions = entries.flatMap(({ position }) => (position === null ? [] : [position]));
  const misplaced = positions
    .toSorted((one, other) => one - other)
    .flatMap((position, at) => (position === at + 1 ? [] : [`position ${position} at ${at + 1}`]));
  const last = new Map<string, number>();
  const inverted = entries.flatMap(({ subject, auditId, position }) => {
    if (position === null) return [];
    const before = last.get(subject) ?? 0;
    last.set(subject, position);
    return position > before ? [] : [`entry ${auditId} of ${subject}: ${position} after ${before}`];
  });
  return [...missing, ...misplaced.slice(0, 1), ...inverted];
};

/**
 * The clock is read after the identity is locked: no decision is dated before one that was committed
 * earlier about the same subject.
 */
export const decidedInOrder: Check = ({ evidence }) => {
  const bySubject = Map.groupBy(evidence.audit, ({ subjectId }) => subjectId);
  return [...bySubject].flatMap(([subject, entries]) =>
    entries.flatMap(({ decidedAt }, at) => {
      const before = entries[at - 1]?.decidedAt ?? '';
      // PostgreSQL's text format of moments in one zone sorts chronologically.
      return decidedAt < before ? [`${subject}: decided at ${decidedAt} after ${before}`] : [];
    }),
  );
};

/** Each change starts from the state of the one before, and the last one leads to the current state. */
function checkLifecycle(
  identityId: string,
  generation: number,
  lifecycle: string,
  decisions: readonly Decision[],
): readonly string[] {
  const changes = decisions.filter(({ kind }) => kind === 'lifecycle');
  const isChain = changes.every(({ from }, at) => from === (changes[at - 1]?.to ?? null));
  const isRight =
    changes.length === generation && isChain && (changes.at(-1)?.to ?? lifecycle) === lifecycle;
  const decided = changes.map(({ to }) => to).join(', ');
  return isRight
    ? []
    : [`identity ${identityId}: ${lifecycle} at ${generation}, decided: ${decided}`];
}
