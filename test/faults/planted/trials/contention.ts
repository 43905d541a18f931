import { identityIdOf } from '@latchkey/contracts';
import { HR, type SentEvent, type SentRecord, structured } from '../../../support/events.ts';
import { type Arena, openArena, type Servers } from '../../arena/arena.ts';
import { deadlockFindings } from '../../oracle/deadlocks.ts';
import { createLedger, type Ledger } from '../../oracle/ledger.ts';
import { judgeArena, replay } from '../../sweep/campaign.ts';
import { type FactDraft, factEvent } from '../../workload/facts.ts';
import { generateWorkload } from '../../workload/generate.ts';
import { drain, type TrialFinding } from './drain.ts';
import { holdRow, untilTaken, untilWaiting } from './hold.ts';

type Give = (records: readonly SentRecord[]) => Promise<void>;
type Stage = (arena: Arena, give: Give) => Promise<void>;

const SEED = 7;
const BATCH_COUNT = 40;
const PEOPLE_COUNT = 60;
const NO_END = 99;
/** The details of a draft that say so. */
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
 * Transactions that meet: the same events and the same people in several partitions at the same time,
 * taken by two reconcilers. Where chance would decide whether they meet, a row is held until they have.
 */
export async function contention(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 2, relays: 1, partitions: 4 });
  const ledger = createLedger();
  for (const stage of STAGES) {
    await stage(arena, (records) => giveTo(arena, ledger, records));
    const stuck = await drain(arena);
    if (stuck.length > 0) return [...stuck, ...(await judgeAll(arena, ledger))];
  }
  const found = await judgeAll(arena, ledger);
  if (found.length > 0) return found;
  const replayed = await replay(arena, ledger);
  // The server counts a deadlock with a delay.
  return [...replayed, ...(await deadlockFindings(arena.database.query))];
}

async function giveTo(arena: Arena, ledger: Ledger, records: readonly SentRecord[]): Promise<void> {
  ledger.sent(records);
  await arena.send(records);
}

async function judgeAll(arena: Arena, ledger: Ledger): Promise<readonly TrialFinding[]> {
  return [...(await judgeArena(arena, ledger)), ...(await deadlockFindings(arena.database.query))];
}

/** Whole histories in many small batches; every second delivery once more, the other way round, elsewhere. */
async function disorder(_arena: Arena, give: Give): Promise<void> {
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
    await give([
      ...records.slice(at, at + BATCH_COUNT).map((record) => placed(record, 0)),
      ...again.slice(at / 2, (at + BATCH_COUNT) / 2).map((record) => placed(record, 1)),
    ]);
  }
}

/** Two batches of the same ids, which both wait to claim one; some with another content. */
async function sameEvents(arena: Arena, give: Give): Promise<void> {
  const events = peopleOf('s').map((person) => factOf(person, 1, { kind: 'joined' }));
  const others = events.map((event, index) => (index % 5 === 0 ? otherContent(event) : event));
  await claimAtOnce(arena, give, events, others);
}

/** The same people get one account more, beside those that they have. */
async function transfers(_arena: Arena, give: Give): Promise<void> {
  const moved = peopleOf('s').map((person) =>
    factOf(person, 2, { kind: 'moved', detail: FINANCE }),
  );
  await give(inPartition(moved, 0));
}

/** The same where no fact remembers them: events that claim their id and are given up. */
async function brokenEvents(arena: Arena, give: Give): Promise<void> {
  const events = peopleOf('b').map((person): SentEvent => {
    return { ...factOf(person, 1, { kind: 'joined' }), data: {} };
  });
  await claimAtOnce(arena, give, events, events);
}

async function claimAtOnce(
  arena: Arena,
  give: Give,
  events: readonly SentEvent[],
  again: readonly SentEvent[],
): Promise<void> {
  const [first] = events;
  const insert =
    'insert into inbox (event_id, fingerprint) values ($1::text, sha256($1::text::bytea))';
  await holdRow(arena, insert, [first === undefined ? '' : idOf(first)], async () => {
    await give([...inPartition(events, 0), ...inPartition(again.toReversed(), 1)]);
    await untilWaiting(arena, 2);
  });
}

/** Different events of the same new people, from both ends: both batches wait in the middle. */
async function oppositeOrders(arena: Arena, give: Give): Promise<void> {
  const people = peopleOf('o');
  const joined = people.map((person) => factOf(person, 1, { kind: 'joined' }));
  const blocked = people
    .toReversed()
    .map((person) => factOf(person, 2, { kind: 'blocked', detail: BY_SECURITY }));
  const middle = people[PEOPLE_COUNT / 2] ?? '';
  const insert = 'insert into identity (identity_id, source, external_id) values ($1, $2, $3)';
  await holdRow(arena, insert, [identityIdOf(HR, middle), HR, middle], async () => {
    await give([...inPartition(joined, 0), ...inPartition(blocked, 1)]);
    await untilWaiting(arena, 2);
  });
}

/** A transaction that began and waits for its first lock, while another decides about the same person. */
async function overtaking(arena: Arena, give: Give): Promise<void> {
  const person = 't0';
  const slow = factOf(person, 1, { kind: 'joined' });
  const fast = factOf(person, 2, { kind: 'blocked', detail: BY_SECURITY });
  const { engagement } = slow.data as { readonly engagement: string };
  const insert = `insert into correlation_key (kind, value, external_id) values ('engagement', $1, $2)`;
  await holdRow(arena, insert, [`${HR}#${engagement}`, person], async () => {
    await give(inPartition([slow], 0));
    await untilWaiting(arena, 1);
    await give(inPartition([fast], 1));
    await untilTaken(arena, idOf(fast));
  });
}

function peopleOf(prefix: string): readonly string[] {
  return Array.from({ length: PEOPLE_COUNT }, (_, index) => `${prefix}${index}`);
}

/** About somebody whom HR knows; a block is security's, and of no engagement. */
function factOf(
  externalId: string,
  order: number,
  said: Pick<FactDraft, 'kind'> & Partial<FactDraft>,
): SentEvent {
  const draft = { engagement: 0, at: 1, until: NO_END, detail: SALES, ...said };
  return factEvent({ source: HR, externalId }, order, draft);
}

function otherContent(event: SentEvent): SentEvent {
  return { ...event, data: { ...(event.data as object), note: 'other content' } };
}

function idOf({ source, id }: SentEvent): string {
  return `${source}#${id}`;
}

function inPartition(events: readonly SentEvent[], partition: number): readonly SentRecord[] {
  return events.map((event) => ({ ...structured(event), partition }));
}

/** What has one key is in one of two partitions, or in its neighbour. */
function placed(record: SentRecord, neighbour: 0 | 1): SentRecord {
  const last = String(record.key).at(-1) ?? '';
  return { ...record, partition: (last.charCodeAt(0) % 2) * 2 + neighbour };
}
