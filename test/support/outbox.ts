import type { OutputTopic } from '@latchkey/contracts';
import { expect } from 'vitest';
import { APPEND_ROWS } from './append-rows.ts';
import { checkMessages } from './checks.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type OutputMessage, openOutputReader } from './output-reader.ts';
import { type ChildService, spawnService, startService } from './process.ts';
import { createTestTopics, type TestTopics } from './topics.ts';

/** An outbox that tests fill, and relays that publish it. Disposing ends all of them. */
export interface TestOutbox extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly topics: TestTopics;
  readonly partitions: number;
  /** Starts a relay and waits until it is ready. */
  start(env?: Readonly<Record<string, string>>): Promise<ChildService>;
  /** Starts a relay that is not expected to become ready. */
  spawn(env?: Readonly<Record<string, string>>): Promise<ChildService>;
  /** Appends to every lane of a topic, in one transaction; `bytes` is the approximate size of a payload. */
  append(topic: OutputTopic, rowsPerLane: number, bytes?: number): Promise<void>;
  /** Waits until everything that was appended to these topics is published, and checks that it is once and in order. */
  publishedOnce(topics: readonly OutputTopic[]): Promise<readonly OutputMessage[]>;
  /** The settings of the processes. */
  readonly env: Readonly<Record<string, string>>;
  /** The messages that a `read_committed` reader has seen, of topics that exist at the first call. */
  readonly read: () => Promise<readonly OutputMessage[]>;
}

export async function openOutbox(
  brokers: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<TestOutbox> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  const topics = stack.use(await createTestTopics(brokers, { partitions: 1 }));
  const partitions = 3;
  const env = {
    DATABASE_URL: database.url,
    KAFKA_BROKERS: brokers.join(','),
    OUTPUT_PARTITIONS: String(partitions),
    ...topics.env,
    ...settings,
  };
  const opened = stack.use(new AsyncDisposableStack());
  let reader: ReturnType<typeof openOutputReader> | undefined;
  const read = async (): Promise<readonly OutputMessage[]> => {
    reader ??= openOutputReader(brokers, topics.names).then((open) => opened.use(open));
    return (await reader).messages();
  };
  const owned = stack.move();
  return {
    database,
    topics,
    partitions,
    start: async (more) => opened.use(await startService('relay', { env: { ...env, ...more } })),
    spawn: async (more) => opened.use(await spawnService('relay', { env: { ...env, ...more } })),
    append: async (topic, rowsPerLane, bytes = 300) => {
      await database.query(APPEND_ROWS, [topics.names[topic], rowsPerLane, 'x'.repeat(bytes)]);
    },
    publishedOnce: async (wanted) => {
      const [head] = await database.query<{ total: number }>(TOTAL, [
        wanted.map((topic) => topics.names[topic]),
      ]);
      const own = async (): Promise<readonly OutputMessage[]> =>
        (await read()).filter(({ topic }) => wanted.includes(topic));
      await expect.poll(async () => (await own()).length).toBeGreaterThanOrEqual(head?.total ?? 0);
      const messages = await own();
      for (const { name, found, holds } of checkMessages(messages)) {
        expect(holds, `${name}: ${found}`).toBe(true);
      }
      expect(messages).toHaveLength(head?.total ?? 0);
      return messages;
    },
    env,
    read,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const TOTAL = `
  select coalesce(sum(head), 0)::integer as total from (
    select max(position) as head from outbox join outbox_lane using (lane)
    where topic = any ($1) group by lane
  ) as heads`;
