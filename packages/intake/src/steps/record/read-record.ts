import {
  type EngagementFact,
  type Fact,
  isBlockFact,
  isTrimmed,
  needsAllFacts,
  type Policy,
  rowKeysOf,
} from '@latchkey/domain';
import {
  type EngagementRowKey,
  findRowKeys,
  type IdentityRow,
  identityIdColumns,
  listCheckpoints,
  listKnownFacts,
  type RowKeyRow,
  type Tx,
} from '@latchkey/postgres';
import { createYielder } from '../yielder.ts';
import { engagementKey } from './engagement-key.ts';
import { hasFacts, type LockedIdentity, readCurrent } from './known-identity.ts';
import { readAlone } from './read-alone.ts';
import { readBlocks } from './read-blocks.ts';
import {
  ALONE_LIMITS,
  checkExpected,
  createPagedBudget,
  READ_LIMITS,
  tooMuch,
} from './read-budget.ts';
import { readFailures } from './read-failures.ts';
import { lockedIdentity, nothingRead, type ReadPerson } from './read-person.ts';
import { readWhole } from './read-whole.ts';
import { groupRows, headOf, type ReadEngagement } from './stored-record.ts';

/** Facts that arrive about identities, by identity id. */
export type Arriving = ReadonlyMap<string, readonly Fact[]>;

/**
 * The identities of these rows, which this transaction has locked, with what is known of them: their records, accounts and
 * assignments. Later statements than those that locked the rows read them, with new snapshots; of the facts only those
 * that a head does not stand for, and all of an engagement only where the facts that arrive cannot be decided otherwise.
 *
 * @throws TooMuchToReadError where several identities have more facts than one transaction reads
 */
export async function readRecord(
  tx: Tx,
  rows: readonly IdentityRow[],
  arriving: Arriving,
  policy: Policy,
): Promise<ReadonlyMap<string, LockedIdentity>> {
  checkExpected(rows);
  const known = rows.filter(hasFacts);
  const ids = known.map(({ identityId }) => identityId);
  // Sent together.
  const [current, people, blocks, failures] = await Promise.all([
    readCurrent(tx, rows),
    readPeople(tx, known, rows.length, policy),
    readBlocks(tx, ids, arriving),
    readFailures(tx, rows),
  ]);
  await readWhereNeeded(tx, people, arriving, policy);
  return new Map(
    rows.map((row) => {
      const { identityId } = row;
      const one = current.get(identityId);
      if (one === undefined) throw new RangeError('an identity was not read');
      const person = people.get(identityId) ?? nothingRead();
      const own = blocks.get(identityId) ?? new Map();
      const standing = {
        isNew: !hasFacts(row),
        anew: row.parkedAtMs !== null,
        failureReviews: failures.get(identityId) ?? [],
      };
      return [identityId, lockedIdentity(one, person, own, standing)];
    }),
  );
}

/** @param locked - how many identities the transaction has locked */
async function readPeople(
  tx: Tx,
  rows: readonly IdentityRow[],
  locked: number,
  policy: Policy,
): Promise<ReadonlyMap<string, ReadPerson>> {
  const [first] = rows;
  if (first === undefined) return new Map();
  const { identityId } = first;
  const ids = identityIdColumns(rows.map((row) => row.identityId));
  const limits = locked > 1 ? READ_LIMITS : ALONE_LIMITS;
  const isLarge = first.factBytes > BigInt(limits.maxBytes);
  const [checkpoints, facts] = await Promise.all([
    tx.run(listCheckpoints, ids),
    isLarge ? [] : tx.run(listKnownFacts, { ...ids, ...limits }),
  ]);
  const isCut =
    facts.length >= limits.maxRows || (facts.at(-1)?.bytesThrough ?? 0) > limits.maxBytes;
  if (isLarge || isCut) {
    if (locked > 1) throw tooMuch();
    return new Map([[identityId, await readAlone(tx, identityId, checkpoints, policy)]]);
  }
  const grouped = groupRows(checkpoints, facts, policy);
  return new Map([...grouped].map(([id, engagements]) => [id, { engagements, whole: new Map() }]));
}

/** Reads all facts of engagements where those that arrive need it. */
async function readWhereNeeded(
  tx: Tx,
  people: ReadonlyMap<string, ReadPerson>,
  arriving: Arriving,
  policy: Policy,
): Promise<void> {
  const headed = await headedEngagements(people, arriving);
  if (headed.length === 0) return;
  const trimmed = Map.groupBy(
    await findRowKeys(
      tx,
      headed.flatMap(({ keys }) => keys),
    ),
    keyOf,
  );
  const needed = headed.filter(({ read, facts, isReadable }) => {
    if (!isReadable) return true;
    const keys = new Set((trimmed.get(keyOf(read)) ?? []).map(({ rowKey }) => rowKey));
    return needsAllFacts(read.known(), facts, keys);
  });
  if (needed.length === 0) return;
  const reads = needed.map(({ read }) => read);
  const whole = await readWhole(tx, reads, createPagedBudget(people.size), policy);
  for (const [at, { identityId, source, engagement }] of reads.entries()) {
    const person = people.get(identityId);
    const one = whole[at];
    if (person === undefined || one === undefined) throw new RangeError('an engagement is missing');
    const key = engagementKey(source, engagement);
    person.engagements.delete(key);
    person.whole.set(key, one);
  }
}

/** An engagement whose head may not be enough. */
interface Headed {
  readonly read: ReadEngagement;
  /** That arrive about it. */
  readonly facts: readonly EngagementFact[];
  /** False: the head cannot be read, for instance since a fact that it refers to was voided. */
  readonly isReadable: boolean;
  /** Keys of rows that the head may not contain. */
  readonly keys: readonly RowKeyRow[];
}

async function headedEngagements(
  people: ReadonlyMap<string, ReadPerson>,
  arriving: Arriving,
): Promise<readonly Headed[]> {
  const yieldIfDue = createYielder();
  const headed: Headed[] = [];
  for (const [identityId, { engagements }] of people) {
    // eslint-disable-next-line no-await-in-loop -- lets the event loop run
    await yieldIfDue();
    const groups = groupByEngagement(arriving.get(identityId) ?? []);
    for (const [key, read] of engagements) {
      if (headOf(read.checkpoint) === undefined) continue;
      const one = headedEngagement(read, groups.get(key) ?? []);
      if (one !== undefined) headed.push(one);
    }
  }
  return headed;
}

/** Undefined: its head is enough. */
function headedEngagement(
  read: ReadEngagement,
  facts: readonly EngagementFact[],
): Headed | undefined {
  const { identityId, source, engagement } = read;
  try {
    const known = read.known();
    if (facts.length === 0 && !isTrimmed(known)) return undefined;
    const keys = rowKeysOf(known, facts).map((rowKey) => ({
      identityId,
      source,
      engagement,
      rowKey,
    }));
    return { read, facts, isReadable: true, keys };
  } catch {
    return { read, facts, isReadable: false, keys: [] };
  }
}

function groupByEngagement(facts: readonly Fact[]): ReadonlyMap<string, readonly EngagementFact[]> {
  const own = facts.filter((fact): fact is EngagementFact => !isBlockFact(fact));
  return Map.groupBy(own, ({ source, engagement }) => engagementKey(source, engagement));
}

function keyOf({ identityId, source, engagement }: EngagementRowKey): string {
  return `${identityId}#${engagementKey(source, engagement)}`;
}
