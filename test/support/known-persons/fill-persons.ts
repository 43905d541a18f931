import type { TestDatabase } from '../create-database.ts';
import { copyPersons, withCopying } from './copy-persons.ts';
import { applyEvents } from './create-models.ts';
import { type History, started } from './histories.ts';

/** Persons that intake creates; all others are copies of them. */
const MODELS_COUNT = 20;
/** Facts of all copies that one statement makes. */
const CHUNK_MAX_FACTS = 100_000;

/** External id of a known person, from 0. */
export function externalIdOf(person: number): string {
  return `known-${person}.`;
}

export interface Filled {
  /** What is known of each; default: that they have started. */
  readonly history?: History;
  /** Changes the models, before they are copied. */
  readonly deepen?: (database: Pick<TestDatabase, 'query'>) => Promise<void>;
}

/**
 * Creates persons with their facts and all derived rows, in an empty database. Intake decides the history of the first few;
 * SQL copies them with new ids, so that every row is as intake has written it. Nothing is left of outputs and positions.
 */
export async function fillPersons(
  database: Pick<TestDatabase, 'url' | 'query'>,
  persons: number,
  { history = started, deepen }: Filled = {},
): Promise<void> {
  const models = Math.min(persons, MODELS_COUNT);
  const histories = Array.from({ length: models }, (_, person) => history(externalIdOf(person)));
  await applyEvents(database.url, interleaved(histories));
  await database.query(FORGET_CLAIMS);
  await deepen?.(database);
  const [row] = await database.query<{ facts: number }>(
    'select count(*)::float8 as facts from fact',
  );
  const facts = Math.max(1, (row?.facts ?? 0) / models);
  const chunk = Math.max(1, Math.floor(CHUNK_MAX_FACTS / facts));
  await withCopying(database, async () => {
    for (let from = models; from < persons; from += chunk) {
      await copyPersons(database, { from, to: Math.min(persons, from + chunk) - 1, models });
    }
  });
  // Rows of the models only, which are unpublished; each system has new topics.
  await database.query(
    'truncate outbox, intake_progress, outbox_lane, relay_position restart identity cascade',
  );
}

/** The first of each, then the second of each, and so on. */
function* interleaved<T>(lists: readonly (readonly T[])[]): Generator<T> {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  for (let at = 0; at < longest; at += 1) {
    for (const list of lists) yield* list.slice(at, at + 1);
  }
}

/** The retention of claims is shorter than a long history. */
const FORGET_CLAIMS = `
  delete from inbox using (
    select event_id, row_number() over (partition by identity_id order by source_order desc) as back
    from fact
  ) as claimed
  where claimed.event_id = inbox.event_id and back > 30`;
