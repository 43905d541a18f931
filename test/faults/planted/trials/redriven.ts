import { structured } from '../../../support/events.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Arena, openArena, type Servers } from '../../arena/arena.ts';
import { operate } from '../../disasters/operate.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { drain, type TrialFinding } from './drain.ts';
import { createJoiner } from './joiner.ts';

const LIMIT_MS = 30_000;

/**
 * The database refuses the fact of one event, whose dead letter claims its id. Once the database accepts the fact, an
 * operator redrives the dead letter. The event must be applied.
 */
export async function redriven(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 1, relays: 1, partitions: 1 });
  const { database } = arena;
  await database.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'refused' using errcode = '22003'; end $$`);
  await database.query(`create trigger refuse before insert on fact for each row
    when (new.engagement = 'E0-refused') execute function refuse()`);
  const ledger = createLedger();
  const records = ['before', 'refused', 'after'].map((name) => structured(createJoiner(name)));
  ledger.sent(records);
  await arena.send(records);
  const letter = await untilDeadLetter(arena);
  await database.query('drop trigger refuse on fact');
  await operate(arena, 'dead-letters', 'redrive', letter);
  const found = [...(await drain(arena)), ...(await judgeArena(arena, ledger))];
  // The counts contain the dead letter, and the ledger expects none.
  return found.filter(({ check }) => check !== 'conservation');
}

/** Resolves with the id of the only dead letter. */
async function untilDeadLetter({ database }: Arena): Promise<string> {
  const letters = () => database.query<{ id: string }>('select id::text from dead_letter');
  const isOne = (rows: readonly object[]): boolean => rows.length === 1;
  const [letter] = await eventually('a dead letter', letters, isOne, LIMIT_MS);
  return letter?.id ?? '';
}
