import { Failure } from '@latchkey/contracts';
import { describeTopics, type TopicAdmin, type TopicDescription } from '@latchkey/kafka';
import { type Health, type InputTopicNames, type Logger, waitMs } from '@latchkey/runtime';

const EVERY_MS = 1_000;
const DAY_MS = 86_400_000;
const UNLIMITED = -1;

/**
 * Waits until every input topic exists, not ready meanwhile: they belong to their senders and are
 * never created here. Resolves early when asked to stop.
 *
 * @throws Failure TIMESTAMP_TYPE when deadlines would count by the senders' clocks
 * @param retentionDays - of the inbox
 * @throws Failure TOPIC_SETTING when a topic is compacted: events would vanish, the last one read among them;
 *   or when it keeps events for longer than the inbox remembers them
 */
export async function untilInputsReady(
  admin: TopicAdmin,
  names: InputTopicNames,
  retentionDays: number,
  { log, health }: { readonly log: Logger; readonly health: Health },
  signal: AbortSignal,
): Promise<void> {
  const topics = Object.values(names);
  const verification = names['verification-events'];
  let announced = false;
  while (!signal.aborted) {
    // eslint-disable-next-line no-await-in-loop -- looks until they are there
    const found = await describeTopics(admin, topics);
    checkInputs(found, verification, retentionDays);
    const missing = topics.filter((topic) => !found.has(topic));
    if (missing.length === 0) {
      warnOfUnlimited(found, retentionDays, log);
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

function checkInputs(
  found: ReadonlyMap<string, TopicDescription>,
  verification: string | undefined,
  retentionDays: number,
): void {
  checkStamps(found.get(verification ?? ''));
  for (const { name, settings } of found.values()) {
    const policy = settings['cleanup.policy'] ?? 'delete';
    if (policy !== 'delete') {
      const expected = 'cleanup.policy=delete';
      throw new Failure('TOPIC_SETTING', { topic: name, found: policy, expected });
    }
    const retentionMs = Number(settings['retention.ms'] ?? UNLIMITED);
    if (retentionMs > retentionDays * DAY_MS) {
      const expected = `at most INBOX_RETENTION_DAYS=${retentionDays}`;
      throw new Failure('TOPIC_SETTING', {
        topic: name,
        found: `retention.ms=${retentionMs}`,
        expected,
      });
    }
  }
}

function checkStamps(topic: TopicDescription | undefined): void {
  const type = topic?.settings['message.timestamp.type'] ?? 'LogAppendTime';
  if (topic === undefined || type === 'LogAppendTime') return;
  throw new Failure('TIMESTAMP_TYPE', { topic: topic.name, type });
}

/** No retention of the inbox would be enough. Reading again what lies far back is rare, and refused where it matters. */
function warnOfUnlimited(
  found: ReadonlyMap<string, TopicDescription>,
  retentionDays: number,
  log: Logger,
): void {
  for (const { name: topic, settings } of found.values()) {
    if (Number(settings['retention.ms'] ?? UNLIMITED) !== UNLIMITED) continue;
    log.warn(
      { topic, retentionDays },
      'topic keeps events for longer than the inbox remembers them',
    );
  }
}
