import { identityIdOf } from '@latchkey/contracts';
import { HR, type SentEvent, type SentRecord, structured } from '../../../support/events.ts';
import { type Arena, openArena, type Servers } from '../../arena/arena.ts';
import { findDeadlocks } from '../../oracle/deadlocks.ts';
import { createLedger, type Ledger } from '../../oracle/ledger.ts';
import { judgeArena, replay } from '../../sweep/campaign.ts';
import { type FactDraft, factEvent } from '../../workload/facts.ts';
import { generateWorkload } from '../../workload/generate.ts';
import { drain, type TrialFinding } from './drain.ts';
import { idOf, lockRow, untilClaimed, untilWaiting } from './lock-row.ts';

type Send = (records: readonly SentRecord[]) => Promise<void>;
type Stage = (arena: Arena, send: Send) => Promise<void>;

const SEED = 7;
const BATCH_COUNT = 40;
const PERSONS_COUNT = 60;
const NO_END = 99;
/** Values of `detail` of a draft. */
const SALES = 0;
const FINANCE = 1;
const BY_SECURITY = 1;

const STAGES: readonly Stage[] = [
  disorder,
  sameEvents,
  transfers,
  brokenEvents,
  oppositeOrders,
  overtaking,
];

/**
 * Concurrent transactions: two reconcilers process the same events and identities in several partitions.
 * Where the overlap would depend on timing, a locked row blocks the transactions until both wait.
 */
export async function contention(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 2, relays: 1, partitions: 4 });
  const ledger = createLedger();
  for (const stage of STAGES) {
    await stage(arena, (records) => sendTo(arena, ledger, records));
    const stuck = await drain(arena);
    if (stuck.length > 0) return [...stuck, ...(await judgeAll(arena, ledger))];
  }
  const found = await judgeAll(arena, ledger);
  if (found.length > 0) return found;
  const replayed = await replay(arena, ledger);
  // The server counts deadlocks with a delay.
  return [...replayed, ...(await findDeadlocks(arena.database.query))];
}

async function sendTo(arena: Arena, ledger: Ledger, records: readonly SentRecord[]): Promise<void> {
  ledger.sent(records);
  await arena.send(records);
}

async function judgeAll(arena: Arena, ledger: Ledger): Promise<readonly TrialFinding[]> {
  return [...(await judgeArena(arena, ledger)), ...(await findDeadlocks(arena.database.query))];
}

/** Histories in many small batches; every second delivery is repeated in reverse order in another partition. */
async function disorder(_arena: Arena, send: Send): Promise<void> {
  const records = generateWorkload({
    seed: SEED,
    prefix: 'd',
    persons: 60,
    verifications: 20,
    conflictShare: 0.05,
    poisonShare: 0.05,
  });
  const again = records.filter((_, index) => index % 2 === 0).toReversed();
  for (let at = 0; at < records.length; at += BATCH_COUNT) {
    await send([
      ...records.slice(at, at + BATCH_COUNT).map((record) => assignPartition(record, 0)),
      ...again.slice(at / 2, (at + BATCH_COUNT) / 2).map((record) => assignPartition(record, 1)),
    ]);
  }
}

/** Two batches of the same ids, some with other content, wait to claim the same id. */
async function sameEvents(arena: Arena, send: Send): Promise<void> {
  const events = listPersons('s').map((person) => createFact(person, 1, { kind: 'joined' }));
  const others = events.map((event, index) => (index % 5 === 0 ? otherContent(event) : event));
  await claimAtOnce(arena, send, events, others);
}

/** The same persons get one more account. */
async function transfers(_arena: Arena, send: Send): Promise<void> {
  const moved = listPersons('s').map((person) =>
    createFact(person, 2, { kind: 'moved', detail: FINANCE }),
  );
  await send(inPartition(moved, 0));
}

/** As `sameEvents`, with events that claim their id and become dead letters, so that no fact remembers them. */
async function brokenEvents(arena: Arena, send: Send): Promise<void> {
  const events = listPersons('b').map((person): SentEvent => {
    return { ...createFact(person, 1, { kind: 'joined' }), data: {} };
  });
  await claimAtOnce(arena, send, events, events);
}

async function claimAtOnce(
  arena: Arena,
  send: Send,
  events: readonly SentEvent[],
  again: readonly SentEvent[],
): Promise<void> {
  const [first] = events;
  const insert =
    'insert into inbox (event_id, fingerprint) values ($1::text, sha256($1::text::bytea))';
  await lockRow(arena, insert, [first === undefined ? '' : idOf(first)], async () => {
    await send([...inPartition(events, 0), ...inPartition(again.toReversed(), 1)]);
    await untilWaiting(arena, 2);
  });
}

/** Different events of the same new persons in opposite orders; both batches wait at the middle one. */
async function oppositeOrders(arena: Arena, send: Send): Promise<void> {
  const persons = listPersons('o');
  const joined = persons.map((person) => createFact(person, 1, { kind: 'joined' }));
  const blocked = persons
    .toReversed()
    .map((person) => createFact(person, 2, { kind: 'blocked', detail: BY_SECURITY }));
  const middle = persons[PERSONS_COUNT / 2] ?? '';
  const insert = 'insert into identity (identity_id, source, external_id) values ($1, $2, $3)';
  await lockRow(arena, insert, [identityIdOf(HR, middle), HR, middle], async () => {
    await send([...inPartition(joined, 0), ...inPartition(blocked, 1)]);
    await untilWaiting(arena, 2);
  });
}

/** A transaction waits for its first lock while a later one decides about the same person. */
async function overtaking(arena: Arena, send: Send): Promise<void> {
  const person = 't0';
  const slow = createFact(person, 1, { kind: 'joined' });
  const fast = createFact(person, 2, { kind: 'blocked', detail: BY_SECURITY });
  const { engagement } = slow.data as { readonly engagement: string };
  const insert = `insert into correlation_key (kind, value, external_id) values ('engagement', $1, $2)`;
  await lockRow(arena, insert, [`${HR}#${engagement}`, person], async () => {
    await send(inPartition([slow], 0));
    await untilWaiting(arena, 1);
    await send(inPartition([fast], 1));
    await untilClaimed(arena, idOf(fast));
  });
}

function listPersons(prefix: string): readonly string[] {
  return Array.from({ length: PERSONS_COUNT }, (_, index) => `${prefix}${index}`);
}

/** A fact about a person of HR. A block is from security and has no engagement. */
function createFact(
  externalId: string,
  order: number,
  draft: Pick<FactDraft, 'kind'> & Partial<FactDraft>,
): SentEvent {
  const defaults = { engagement: 0, at: 1, until: NO_END, detail: SALES };
  return factEvent({ source: HR, externalId }, order, { ...defaults, ...draft });
}

function otherContent(event: SentEvent): SentEvent {
  return { ...event, data: { ...(event.data as object), note: 'other content' } };
}

function inPartition(events: readonly SentEvent[], partition: number): readonly SentRecord[] {
  return events.map((event) => ({ ...structured(event), partition }));
}

/** Assigns a key to one of two pairs of partitions; `neighbour` selects the partition of the pair. */
function assignPartition(record: SentRecord, neighbour: 0 | 1): SentRecord {
  const last = String(record.key).at(-1) ?? '';
  return { ...record, partition: (last.charCodeAt(0) % 2) * 2 + neighbour };
}
