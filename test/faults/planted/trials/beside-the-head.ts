import { randomUUID } from 'node:crypto';
import { HR, type SentEvent, structured } from '../../../support/events.ts';
import { type Arena, openArena, type Servers } from '../../arena/arena.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { factEvent } from '../../workload/facts.ts';
import { drain, type TrialFinding } from './drain.ts';
import { createJoiner } from './joiner.ts';

const PERSONS_COUNT = 5;
/** Index of `MOMENTS`. */
const PAST = 3;
/** Values of `detail` of a move without a key. */
const FINANCE = 2;
const MADRID = 5;
const SALES = 8;
const LEGAL = 11;
/** The order of the first move; then one a place. */
const FIRST = 10;

/**
 * Facts that are tied with the newest one of an engagement, and facts that come too late, arrive once the head of the
 * engagement is stored.
 */
export async function besideTheHead(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 1, relays: 1, partitions: 1 });
  const ledger = createLedger();
  const send = async (events: readonly SentEvent[]): Promise<readonly TrialFinding[]> => {
    const records = events.map(structured);
    ledger.sent(records);
    await arena.send(records);
    return drain(arena);
  };
  const names = Array.from({ length: PERSONS_COUNT }, (_, index) => `${index}`);
  const [tied, late] = ['tied', 'late'].map((prefix) => names.map((name) => `${prefix}${name}`));
  const stuck = await send([
    ...(tied ?? []).flatMap((name) => createMoves(name, [SALES, MADRID, SALES, MADRID, LEGAL])),
    ...(late ?? []).flatMap((name) => createMoves(name, [SALES, MADRID, SALES, LEGAL, MADRID])),
  ]);
  if (stuck.length > 0) return stuck;
  await checkHeads(arena, 2 * PERSONS_COUNT);
  const found = await send([
    ...(tied ?? []).map((name) => createMove(name, FIRST + 4, FINANCE)),
    ...(late ?? []).map((name) => createMove(name, FIRST + 2, FINANCE)),
  ]);
  return [...found, ...(await judgeArena(arena, ledger))];
}

function createMoves(externalId: string, details: readonly number[]): readonly SentEvent[] {
  const moves = details.map((detail, at) => createMove(externalId, FIRST + at, detail));
  return [createJoiner(externalId), ...moves];
}

function createMove(externalId: string, order: number, detail: number): SentEvent {
  const draft = { kind: 'moved', engagement: 0, at: PAST, until: PAST, detail } as const;
  return { ...factEvent({ source: HR, externalId }, order, draft), id: randomUUID() };
}

/** @throws Error where heads are missing, which are what the trial is about */
async function checkHeads({ database }: Arena, count: number): Promise<void> {
  const heads = await database.query('select from engagement_checkpoint where head is not null');
  if (heads.length < count) throw new Error(`${heads.length} heads are stored, not ${count}`);
}
