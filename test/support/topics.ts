import { randomBytes } from 'node:crypto';
import { DEFAULT_TOPIC_NAMES, type InputTopic, type OutputTopic } from '@latchkey/contracts';
import { createMissingTopics, silenceTimerWarnings } from '@latchkey/kafka';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { expect } from 'vitest';

export interface TestTopics extends AsyncDisposable {
  readonly names: Readonly<Record<InputTopic | OutputTopic, string>>;
  /** The settings of a service: TOPIC_WORKFORCE_EVENTS and the like. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Creates input topics, and names for the output topics, which the services create. Disposing deletes all of them.
 *
 * @param options.partitions - of each input topic; 3 by default
 */
export async function createTestTopics(
  brokers: readonly string[],
  options: { readonly partitions?: number } = {},
): Promise<TestTopics> {
  silenceTimerWarnings();
  const prefix = `test-${randomBytes(4).toString('hex')}`;
  const all = Object.entries(DEFAULT_TOPIC_NAMES).map(
    ([topic, name]) => [topic, `${prefix}.${name}`] as const,
  );
  const names = Object.fromEntries(all) as TestTopics['names'];
  const partitions = options.partitions ?? 3;
  await administer(brokers, (admin) =>
    // kafkajs itself gives up waiting while a broker does not know the topic yet.
    createMissingTopics(admin, [
      { name: names['workforce-events'], partitions, replicas: undefined, settings: {} },
      {
        name: names['verification-events'],
        partitions,
        replicas: undefined,
        settings: { 'message.timestamp.type': 'LogAppendTime' },
      },
    ]),
  );
  return {
    names,
    env: Object.fromEntries(all.map(([topic, name]) => [variableOf(topic), name])),
    [Symbol.asyncDispose]: () =>
      administer(brokers, async (admin) => {
        const existing = new Set(await admin.listTopics());
        const own = Object.values(names).filter((name) => existing.has(name));
        if (own.length > 0) await admin.deleteTopics({ topics: own });
      }),
  };
}

/** Deletes topics of this run, as an administrator may by mistake. */
export async function deleteTopics(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<void> {
  await administer(brokers, (admin) => admin.deleteTopics({ topics: [...topics] }));
}

/** Deletes a topic and creates one with the same name. */
export async function recreateTopic(brokers: readonly string[], name: string): Promise<void> {
  const topic = { name, partitions: 1, replicas: undefined, settings: {} };
  await administer(brokers, async (admin) => {
    await admin.deleteTopics({ topics: [name] });
    await expect.poll(() => admin.listTopics()).not.toContain(name);
    // A slow broker creates the topic although it answers that the time is over: the next try finds it.
    const create = (): Promise<unknown> =>
      createMissingTopics(admin, [topic]).then(
        () => 'created',
        (error: unknown) => error,
      );
    await expect.poll(create).toBe('created');
  });
}

function variableOf(topic: string): string {
  return `TOPIC_${topic.toUpperCase().replaceAll('-', '_')}`;
}

async function administer(
  brokers: readonly string[],
  work: (admin: Admin) => Promise<unknown>,
): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}
