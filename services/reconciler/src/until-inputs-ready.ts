import { Failure, type InputTopic } from '@latchkey/contracts';
import { describeTopics, type TopicAdmin, type TopicDescription } from '@latchkey/kafka';
import { type Health, type Logger, waitMs } from '@latchkey/runtime';

const EVERY_MS = 1_000;

/**
 * Waits until every input topic exists, not ready meanwhile: they belong to their senders and are
 * never created here. Resolves early when asked to stop.
 *
 * @throws Failure TIMESTAMP_TYPE when deadlines would count by the senders' clocks
 * @throws Failure TOPIC_SETTING when a topic is compacted: events would vanish, the last one read among them
 */
export async function untilInputsReady(
  admin: TopicAdmin,
  names: Readonly<Record<InputTopic, string>>,
  { log, health }: { readonly log: Logger; readonly health: Health },
  signal: AbortSignal,
): Promise<void> {
  const topics = Object.values(names);
  const verification = names['verification-events'];
  let announced = false;
  while (!signal.aborted) {
    // eslint-disable-next-line no-await-in-loop -- looks until they are there
    const found = await describeTopics(admin, topics);
    checkInputs(found, verification);
    const missing = topics.filter((topic) => !found.has(topic));
    if (missing.length === 0) {
      health.ready('input topics');
      return;
    }
    health.notReady('input topics', `waiting for ${missing.join(', ')}`);
    if (!announced) log.warn({ missing }, 'waiting for input topics');
    announced = true;
    // eslint-disable-next-line no-await-in-loop -- see above
    await waitMs(EVERY_MS, signal);
  }
}

function checkInputs(found: ReadonlyMap<string, TopicDescription>, verification: string): void {
  const type = found.get(verification)?.settings['message.timestamp.type'] ?? 'LogAppendTime';
  if (type !== 'LogAppendTime') throw new Failure('TIMESTAMP_TYPE', { topic: verification, type });
  for (const { name, settings } of found.values()) {
    const policy = settings['cleanup.policy'] ?? 'delete';
    if (policy === 'delete') continue;
    const expected = 'cleanup.policy=delete';
    throw new Failure('TOPIC_SETTING', { topic: name, found: policy, expected });
  }
}
