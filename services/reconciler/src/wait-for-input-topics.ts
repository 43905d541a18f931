import { Failure } from '@latchkey/contracts';
import { describeTopics, type TopicAdmin, type TopicDescription } from '@latchkey/kafka';
import { type Health, type InputTopicNames, type Logger, waitMs } from '@latchkey/runtime';

const POLL_MS = 1_000;
const DAY_MS = 86_400_000;
const UNLIMITED = -1;

/**
 * Waits until every input topic exists; the process is not ready until then. Senders create input topics, the reconciler
 * never does. Resolves early when the signal is aborted.
 *
 * @param retentionDays - of the inbox
 * @throws Failure TIMESTAMP_TYPE where the senders' clocks would decide about deadlines
 * @throws Failure TOPIC_SETTING where a topic is compacted, which deletes events, even the last one that was read; or
 *   where it keeps events for longer than the inbox keeps claims
 */
export async function waitForInputTopics(
  admin: TopicAdmin,
  names: InputTopicNames,
  retentionDays: number,
  { log, health }: { readonly log: Logger; readonly health: Health },
  signal: AbortSignal,
): Promise<void> {
  const topics = Object.values(names);
  const verification = names['verification-events'];
  let isLogged = false;
  while (!signal.aborted) {
    // eslint-disable-next-line no-await-in-loop -- polls until they exist
    const found = await describeTopics(admin, topics);
    checkInputs(found, verification, retentionDays);
    const missing = topics.filter((topic) => !found.has(topic));
    if (missing.length === 0) {
      warnOfUnlimited(found, retentionDays, log);
      health.ready('input topics');
      return;
    }
    health.notReady('input topics', `waiting for ${missing.join(', ')}`);
    if (!isLogged) log.warn({ missing }, 'waiting for input topics');
    isLogged = true;
    // eslint-disable-next-line no-await-in-loop -- see above
    await waitMs(POLL_MS, signal);
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

/**
 * Logs a warning for topics that keep events for ever: no retention of the inbox is long enough for them. Old events are
 * rarely read again, and the claim refuses those that might be duplicates.
 */
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
