import { differencesFrom } from '../../support/downstream.ts';
import { eventually } from '../../support/eventually.ts';
import { type OutputMessage, openOutputReader } from '../../support/output-reader.ts';
import type { Arena } from '../arena/arena.ts';
import { type CheckName, type Finding, judge } from '../oracle/judge.ts';
import type { Ledger } from '../oracle/ledger.ts';
import { type Disaster } from './disaster.ts';
import { LIMIT_MS } from './limits.ts';

/**
 * Checks that apply after the database has lost published messages. The outbox lacks the lost messages,
 * and everything is stated again. Still no input is missing or counted twice, no generation and no
 * position decreases, and downstream ends in the right state.
 */
const AFTER_LOSS: readonly CheckName[] = [
  'lost',
  'applied-twice',
  'published-twice',
  'inversion',
  'state',
  'conservation',
  'effect-id',
];

/**
 * Waits until everything is processed, then judges it from messages that a new reader has read from
 * the start.
 */
export async function settle(
  arena: Arena,
  ledger: Ledger,
  { forgets }: Disaster,
): Promise<readonly Finding[]> {
  await arena.processed(LIMIT_MS);
  const messages = await readFromStart(arena);
  const { query } = arena.database;
  const request = { query, names: arena.topics.names, ledger, messages };
  const found = await judge(forgets === true ? { ...request, checks: AFTER_LOSS } : request);
  const differing = await differencesFrom(arena.database, messages);
  return [
    ...found,
    ...findGaps(messages),
    ...differing.map((detail) => ({ check: 'downstream', detail }) as const),
  ];
}

/** Reads all output topics from the start until every lane is read to its head. */
async function readFromStart({
  servers,
  topics,
  database,
}: Arena): Promise<readonly OutputMessage[]> {
  await using reader = await openOutputReader(servers.brokers, topics.names);
  const heads = await database.query<{ place: string; head: string }>(
    `select topic || '/' || partition as place, max(position)::text as head
    from outbox join outbox_lane using (lane) group by topic, partition`,
  );
  const unread = (): readonly string[] => {
    const last = new Map<string, bigint>();
    for (const { topic, partition, position } of reader.messages()) {
      last.set(`${topics.names[topic]}/${partition}`, position);
    }
    return heads
      .filter(({ place, head }) => (last.get(place) ?? 0n) < BigInt(head))
      .map(({ place, head }) => `${place} of ${head}: ${last.get(place) ?? 0n}`);
  };
  await eventually('lanes not read to their heads', unread, (left) => left.length === 0, LIMIT_MS);
  return reader.messages();
}

/** Partitions whose positions are not contiguous from 1. */
function findGaps(messages: readonly OutputMessage[]): readonly Finding[] {
  const lanes = Map.groupBy(messages, ({ topic, partition }) => `${topic}/${partition}`);
  return [...lanes].flatMap(([lane, own]) => {
    const at = own.findIndex(({ position }, index) => position !== BigInt(index + 1));
    if (at < 0) return [];
    return [{ check: 'gap', detail: `${lane}: ${own[at]?.position} at place ${at + 1}` } as const];
  });
}
