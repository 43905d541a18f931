import { epochStart, nextGeneration } from '@latchkey/contracts';
import { type CurrentAccount, type CurrentIdentity, settledEffect } from '@latchkey/domain';
import {
  type AuditEntry,
  type Db,
  finishRestating,
  listUnstatedIdentities,
  listUnstatedVerifications,
  raiseGenerations,
  type VerificationRow,
} from '@latchkey/postgres';
import { auditOf } from '../steps/audit.ts';
import type { Effect } from '../steps/changes.ts';
import { decideAndApply } from '../steps/decide-and-apply.ts';
import { type Moment, readMoment } from '../steps/moment.ts';
import type { Outputs } from '../steps/outputs.ts';
import { accessEffect } from '../steps/record/identity-changes.ts';
import { readCurrent } from '../steps/record/known-identity.ts';
import { asVerification } from '../steps/verification/lock-verifications.ts';

export interface Restating {
  readonly outputs: Outputs;
  /** Who asked for it, and who answers for it in the audit trail. */
  readonly operator: string;
  readonly owner: string;
}

/** Numbers of what was published again. */
export interface Restated {
  readonly identities: number;
  readonly accounts: number;
  readonly verifications: number;
}

const MAX_IDENTITIES_AT_ONCE = 200;
const MAX_VERIFICATIONS_AT_ONCE = 500;
const LOWEST_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * Publishes everything again that was published before this epoch: each identity's lifecycle, the whole desired state of
 * each account, each settled verification, as they are, with a generation of the epoch and an audit entry. In bounded
 * transactions, in the order of ids; what another transaction has changed meanwhile is of this epoch already. If it ends
 * early, another call does the rest.
 */
export async function restateAll(db: Db, epoch: number, restating: Restating): Promise<Restated> {
  const start = epochStart(epoch);
  const identities = await inParts(LOWEST_UUID, (after) =>
    restateIdentities(db, start, after, restating),
  );
  const verifications = await inParts('', (after) =>
    restateVerifications(db, start, after, restating),
  );
  await db.run(finishRestating, { epoch });
  const [people = 0, accounts = 0] = identities;
  return { identities: people, accounts, verifications: verifications[0] ?? 0 };
}

/** What one transaction has published, and after which id the next one continues; undefined: there is no more. */
interface Part {
  readonly counts: readonly number[];
  readonly last: string | undefined;
}

/** The sums of the counts. */
async function inParts(
  first: string,
  next: (after: string) => Promise<Part>,
): Promise<readonly number[]> {
  const sums: number[] = [];
  let after: string | undefined = first;
  while (after !== undefined) {
    // eslint-disable-next-line no-await-in-loop -- one transaction after the other
    const part: Part = await next(after);
    for (const [at, count] of part.counts.entries()) sums[at] = (sums[at] ?? 0) + count;
    after = part.last;
  }
  return sums;
}

function restateIdentities(
  db: Db,
  start: bigint,
  after: string,
  restating: Restating,
): Promise<Part> {
  return db.transaction(async (tx) => {
    const limit = MAX_IDENTITIES_AT_ONCE;
    const rows = await tx.run(listUnstatedIdentities, { start, after, limit });
    const lock = async () => ({
      locked: await readCurrent(tx, rows),
      moment: await readMoment(tx, restating.outputs),
    });
    let counts: readonly number[] = [];
    await decideAndApply(tx, restating.outputs, lock, (locked, moment) => {
      const stated = [...locked.values()].map((identity) => statedIdentity(identity, moment));
      const identities = stated.flatMap(({ identity }) => identity);
      const accounts = stated.flatMap((one) =>
        one.accounts.map(({ accountId: id, generation }) => ({ id, generation })),
      );
      counts = [identities.length, accounts.length];
      raiseGenerations(tx, { identities, accounts, verifications: [] });
      return stated.map(({ identityId, effects }) => ({
        effects,
        audit: [auditEntry('identity', identityId, effects, moment, restating)],
      }));
    });
    return { counts, last: rows.at(-1)?.identityId };
  });
}

interface StatedIdentity {
  readonly identityId: string;
  /** One, or none where it is of this epoch already. */
  readonly identity: readonly { readonly id: string; readonly generation: bigint }[];
  readonly accounts: readonly CurrentAccount[];
  readonly effects: readonly Effect[];
}

function statedIdentity(current: CurrentIdentity, { nowMs, epoch }: Moment): StatedIdentity {
  const { identityId, lifecycle } = current;
  const start = epochStart(epoch);
  const common = {
    key: identityId,
    decidedAtMs: nowMs,
    traceparent: undefined,
    tracestate: undefined,
  };
  const generation = nextGeneration(current.generation, epoch);
  const isStated = current.generation >= start || lifecycle === undefined;
  const lifecycleEffects: readonly Effect[] = isStated
    ? []
    : [
        {
          ...common,
          type: 'latchkey.lifecycle.changed.v1',
          object: identityId,
          generation,
          data: {
            identityId,
            lifecycle,
            previous: lifecycle,
            generation: Number(generation),
            effectiveAt: new Date(nowMs).toISOString(),
            causes: [],
          },
        },
      ];
  const accounts = current.accounts
    .filter((account) => account.generation < start)
    .map((account) => ({ ...account, generation: nextGeneration(account.generation, epoch) }));
  const accessEffects = accounts.map((after) => accessEffect(identityId, unchanged(after), common));
  return {
    identityId,
    identity: isStated ? [] : [{ id: identityId, generation }],
    accounts,
    effects: [...lifecycleEffects, ...accessEffects],
  };
}

/** The contract requires a change; a correction is all that is known. */
function unchanged(after: CurrentAccount): Parameters<typeof accessEffect>[1] {
  return { before: after, after, changes: [{ kind: 'update', reason: 'correction' }], causes: [] };
}

function restateVerifications(
  db: Db,
  start: bigint,
  after: string,
  restating: Restating,
): Promise<Part> {
  return db.transaction(async (tx) => {
    const limit = MAX_VERIFICATIONS_AT_ONCE;
    const rows = await tx.run(listUnstatedVerifications, { start, after, limit });
    const lock = async () => ({ locked: rows, moment: await readMoment(tx, restating.outputs) });
    await decideAndApply(tx, restating.outputs, lock, (locked, moment) => {
      const stated = locked.map((row) => statedVerification(row, moment));
      const verifications = stated.map(({ object: id, generation }) => ({ id, generation }));
      raiseGenerations(tx, { identities: [], accounts: [], verifications });
      return stated.map((effect) => ({
        effects: [effect],
        audit: [auditEntry('verification', effect.object, [effect], moment, restating)],
      }));
    });
    return { counts: [rows.length], last: rows.at(-1)?.verificationId };
  });
}

function statedVerification(row: VerificationRow, { nowMs, epoch }: Moment): Effect {
  const { verificationId } = row;
  const generation = nextGeneration(row.generation, epoch);
  return {
    type: 'latchkey.verification.settled.v1',
    key: verificationId,
    object: verificationId,
    generation,
    data: settledEffect(asVerification({ ...row, generation })),
    decidedAtMs: nowMs,
    traceparent: undefined,
    tracestate: undefined,
  };
}

function auditEntry(
  subjectKind: AuditEntry['subjectKind'],
  subjectId: string,
  effects: readonly Effect[],
  { nowMs, epoch }: Moment,
  { operator, owner }: Restating,
): AuditEntry {
  const stated = effects.map(({ type, object, generation }) => ({
    kind: 'stated_again' as const,
    type,
    object,
    epoch,
    generation: generation.toString(),
  }));
  return auditOf({
    subject: { subjectKind, subjectId },
    cause: { trigger: 'operator', operator },
    decisions: stated,
    owner,
    nowMs,
  });
}
