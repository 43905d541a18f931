import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '@latchkey/contracts';
import { describeShapes, type LogOffsets, readLogOffsets, type TopicAdmin } from '@latchkey/kafka';
import { type Db, listProgress, type ProgressStatus } from '@latchkey/postgres';

/** Where the logs of an input topic end, by partition; undefined where there is no such topic. */
export interface InputEnds {
  readonly topic: string;
  readonly logs: ReadonlyMap<number, LogOffsets> | undefined;
}

const WAIT_MS = 10_000;
const EVERY_MS = 250;

/**
 * Resolves once the database has taken what the input topics held when this was called. What the database has forgotten
 * lies in front of there, and records of transactions that are open then do not: no consumer has read them.
 *
 * @throws Failure INPUTS_LAG with a sentence for each partition that is not taken to there within 10 s, and at once where
 *   none of them can be: it has stopped, or there is no such topic
 */
export async function untilInputsTaken(
  admin: TopicAdmin,
  db: Db,
  topics: readonly string[],
): Promise<void> {
  const ends = await readEnds(admin, topics);
  const deadlineMs = performance.now() + WAIT_MS;
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- looks, then pauses
    const lags = lagsOf(ends, await db.run(listProgress, {}));
    if (lags.length === 0) return;
    if (performance.now() > deadlineMs || lags.every(({ canEnd }) => !canEnd)) {
      throw new Failure('INPUTS_LAG', { partitions: lags.map(({ what }) => what) });
    }
    // eslint-disable-next-line no-await-in-loop -- see above
    await pause(EVERY_MS);
  }
}

async function readEnds(
  admin: TopicAdmin,
  topics: readonly string[],
): Promise<readonly InputEnds[]> {
  const shapes = await describeShapes(admin, topics);
  const ends: InputEnds[] = [];
  for (const topic of topics) {
    const partitions = shapes.get(topic)?.partitions;
    // Asking for the offsets of a topic that does not exist would wait until it does.
    const logs =
      // eslint-disable-next-line no-await-in-loop -- two topics
      partitions === undefined ? undefined : await readLogOffsets(admin, topic, partitions);
    ends.push({ topic, logs });
  }
  return ends;
}

/** What was not taken yet. */
interface Lag {
  /** In words. */
  readonly what: string;
  /** It ends by itself, as far as is known. */
  readonly canEnd: boolean;
}

type Position = Pick<ProgressStatus, 'topic' | 'partition' | 'nextOffset' | 'stoppedCode'>;

/**
 * The partitions that are not taken to these ends. A position may be behind a control record, as an end is; that of a
 * partition that has stopped says nothing, as its log may be another.
 */
export function lagsOf(ends: readonly InputEnds[], positions: readonly Position[]): readonly Lag[] {
  const known = new Map(positions.map((row) => [`${row.topic}/${row.partition}`, row]));
  return ends.flatMap(({ topic, logs }): readonly Lag[] => {
    if (logs === undefined) {
      return [{ what: `${topic}: there is no such topic, or we may not see it`, canEnd: false }];
    }
    return [...logs].flatMap(([partition, { start, end }]) => {
      const name = `${topic}/${partition}`;
      const { nextOffset = start, stoppedCode = null } = known.get(name) ?? {};
      if (stoppedCode === null && nextOffset >= end) return [];
      const stopped = stoppedCode === null ? '' : `; it has stopped: ${stoppedCode}`;
      const what = `${name}: taken to ${nextOffset} of ${end}${stopped}`;
      return [{ what, canEnd: stoppedCode === null }];
    });
  });
}
