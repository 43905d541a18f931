import { expect, test } from 'vitest';
import { scrape, valuesOf } from '../support/alerts/scrape.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { runLatchkey } from '../support/run-latchkey.ts';
import { openSystem, type TestSystem, totalsOf } from '../support/system.ts';

function joiners(prefix: string, count: number): readonly SentEvent[] {
  return Array.from({ length: count }, (_, index) =>
    hrEvent('joined', `${prefix}${index}`, 1, {
      startsAt: inDays(-9),
      attributes: employee('Sales'),
    }),
  );
}

/** Copies the positions, as a backup does. */
async function keepPositions({ database }: TestSystem): Promise<void> {
  await database.query('create table kept as select * from intake_progress');
}

/** What a restore does to one position, to be followed by which one. */
const GO_BACK = `
  update intake_progress as known set
    (next_offset, last_offset, last_digest, received, applied, duplicate, stale, read_through_at) =
    (kept.next_offset, kept.last_offset, kept.last_digest, kept.received, kept.applied, kept.duplicate, kept.stale,
      kept.read_through_at)
  from kept where (kept.topic, kept.partition) = (known.topic, known.partition)`;

interface Position {
  readonly partition: number;
  readonly next: number;
  readonly stopped: string | null;
}

/** Positions of the partitions of workforce events. */
async function positionsOf({ database, topics }: TestSystem): Promise<readonly Position[]> {
  return database.query<Position & Record<string, unknown>>(
    `select partition, next_offset::int as next, stopped_code as stopped from intake_progress
     where topic = $1 order by partition`,
    [topics.names['workforce-events']],
  );
}

/** Values of a series of the reconciler for workforce events, by partition. */
async function shownOf(system: TestSystem, name: string): Promise<readonly number[]> {
  const topic = system.topics.names['workforce-events'];
  const found = await scrape(system.reconciler());
  return [0, 1, 2].flatMap((partition) =>
    valuesOf(found, name, { topic, partition: String(partition) }),
  );
}

async function readiness(system: TestSystem): Promise<string> {
  return (await fetch(`${system.reconciler().address}/readyz`)).text();
}

test('idle partitions whose positions were reset are read again, without an event or a restart', async () => {
  await using system = await openSystem();
  const { database } = system;
  const topic = system.topics.names['workforce-events'];
  await system.send(...joiners('a', 30));
  await system.settled();
  await keepPositions(system);
  await system.send(...joiners('b', 30));
  await system.settled();
  const before = await positionsOf(system);
  const ends = before.map(({ next }) => next);
  await expect.poll(() => shownOf(system, 'latchkey_consumer_position')).toEqual(ends);

  // One position was reset, one partition was never read, one is unchanged.
  await database.query(`${GO_BACK} and known.topic = $1 and known.partition = 0`, [topic]);
  await database.query('delete from intake_progress where topic = $1 and partition = 1', [topic]);

  const [kept] = await database.query<{ next: number }>(
    'select next_offset::int as next from kept where topic = $1 and partition = 0',
    [topic],
  );
  const repeated = (ends[0] ?? 0) - (kept?.next ?? 0) + (ends[1] ?? 0);
  expect(repeated).toBeGreaterThan(1);
  await expect.poll(() => positionsOf(system)).toEqual(before);
  expect(await totalsOf(database)).toMatchObject({
    received: 60,
    applied: 60 - repeated,
    duplicate: repeated,
  });
  await expect.poll(() => shownOf(system, 'latchkey_consumer_lag')).toEqual([0, 0, 0]);
  expect(await shownOf(system, 'latchkey_consumer_position')).toEqual(ends);
  expect(await readiness(system)).toContain('"ready":true');
  const lines = system.output().split('\n');
  const back = lines.filter((line) => line.includes('positions went back')).join('\n');
  expect(back).toContain(`${topic}/0`);
  expect(back).toContain(`${topic}/1`);
  expect(back).not.toContain(`${topic}/2`);
  const rebased = await runLatchkey(system.env, 'relay', 'rebase');
  expect(rebased.stdout, rebased.stderr).toContain('nothing to rebase');
  await system.verify();
});

test('a partition that is stopped according to the database is not read, and stays stopped', async () => {
  await using system = await openSystem();
  const { database } = system;
  const topic = system.topics.names['workforce-events'];
  await system.send(...joiners('a', 30));
  await system.settled();
  await keepPositions(system);
  await system.send(...joiners('b', 30));
  await system.settled();
  const before = await positionsOf(system);
  // The database is restored to a time when partition 0 waited for an operator.
  await database.query(
    `update intake_progress set stopped_code = 'LOG_DIFFERS', stopped_detail = 'test', stopped_at = now()
     where topic = $1 and partition = 0`,
    [topic],
  );
  await expect.poll(() => readiness(system)).toContain(`"partition ${topic}/0","why":"LOG_DIFFERS`);

  await database.query(`${GO_BACK} and known.topic = $1 and known.partition < 2`, [topic]);

  await expect.poll(async () => (await positionsOf(system)).slice(1)).toEqual(before.slice(1));
  const [stopped] = await positionsOf(system);
  expect(stopped).toMatchObject({ stopped: 'LOG_DIFFERS' });
  expect(stopped?.next).toBeLessThan(before[0]?.next ?? 0);
  const lines = system.output().split('\n');
  expect(lines.filter((line) => line.includes('"partition stopped"'))).toHaveLength(1);
  const back = lines.filter((line) => line.includes('positions went back'));
  expect(back.filter((line) => line.includes(`${topic}/0`))).toHaveLength(1);
  expect(back.at(-1)).toContain(`${topic}/1`);
  expect(await readiness(system)).toContain('"ready":false');
});
