import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '@latchkey/contracts';
import { describeShapes, type LogOffsets, readLogOffsets, type TopicAdmin } from '@latchkey/kafka';
import { type Db, listProgress, type ProgressStatus } from '@latchkey/postgres';

/** The logs of an input topic, by partition; undefined where the topic does not exist. */
export interface InputEnds {
  readonly topic: string;
  readonly logs: ReadonlyMap<number, LogOffsets> | undefined;
}

const WAIT_MS = 10_000;
const EVERY_MS = 250;

/**
 * Resolves once the input topics are processed up to their ends at the time of the call. Everything that the database
 * lost is before these ends. Records of transactions that are open at that time are not: no consumer has read them.
 *
 * @throws Failure INPUTS_LAG with a sentence for each partition that is not processed to its end within 10 s; at once
 *   where none of them can be: they are stopped, or their topics do not exist
 */
export async function awaitInputs(
  admin: TopicAdmin,
  db: Db,
  topics: readonly string[],
): Promise<void> {
  const ends = await readEnds(admin, topics);
  const deadlineMs = performance.now() + WAIT_MS;
  for (;;) {
    // eslint-disable-next-line no-await-in-loop -- polls
    const lags = findLags(ends, await db.run(listProgress, {}));
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

/** A partition that is not processed to its end. */
interface Lag {
  /** A sentence for operators. */
  readonly what: string;
  /** Whether waiting may help. */
  readonly canEnd: boolean;
}

type Position = Pick<ProgressStatus, 'topic' | 'partition' | 'nextOffset' | 'stoppedCode'>;

/**
 * The partitions that are not processed to these ends. A position may be after a control record, as an end is. A stopped
 * partition lags at any position: its log may be another one.
 */
export function findLags(
  ends: readonly InputEnds[],
  positions: readonly Position[],
): readonly Lag[] {
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
