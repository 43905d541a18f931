import { isFenced } from '@latchkey/kafka';
import type { LaneAnchor, Refusal } from '@latchkey/publication';
import type { Health, Logger, Metrics } from '@latchkey/runtime';

/** Reports what the relay does with one topic: readiness, log, metrics. */
export interface TopicReport {
  starting(): void;
  standingBy: () => void;
  /** Both sides agree. True for a takeover: this relay did not own the topic, or was fenced since. */
  acquired(lanes: Iterable<LaneAnchor>): boolean;
  published(messages: number, tookMs: number): void;
  /** These partitions wait; the others are published. */
  parked(partitions: readonly number[]): void;
  refused(refusal: Refusal): void;
  failed(error: unknown): void;
}

/** The counters of the process, over all topics. */
export interface RelayCounters {
  readonly published: ReturnType<typeof publishedCounter>;
}

export function createCounters(metrics: Metrics): RelayCounters {
  return { published: publishedCounter(metrics) };
}

function publishedCounter(metrics: Metrics) {
  return metrics.counter('latchkey_relay_published_total');
}

const ALARM_EVERY_MS = 10_000;

export function createReport(
  topic: string,
  shell: { readonly health: Health; readonly log: Logger },
  counters: RelayCounters,
): TopicReport {
  const { health, log } = shell;
  const part = `relay of ${topic}`;
  let alarmedAtMs = Number.NEGATIVE_INFINITY;
  let isOwned = false;
  counters.published.inc({ topic }, 0);
  return {
    starting: () => {
      health.notReady(part, 'starting');
    },
    standingBy: () => {
      isOwned = false;
      health.ready(part);
      log.info({ topic }, 'standing by');
    },
    acquired: (lanes) => {
      const takeover = !isOwned;
      isOwned = true;
      health.ready(part);
      const positions = Object.fromEntries(
        [...lanes].map(({ partition, position }) => [partition, position.toString()]),
      );
      log.info({ topic, positions, takeover }, 'topic acquired');
      return takeover;
    },
    published: (messages, tookMs) => {
      counters.published.inc({ topic }, messages);
      log.info({ topic, messages, tookMs }, 'messages published');
    },
    parked: (partitions) => {
      if (partitions.length === 0) {
        health.ready(part);
        return;
      }
      health.notReady(part, `MESSAGE_TOO_LARGE: partitions ${partitions.join(', ')} wait`);
      log.error({ topic, partitions, code: 'MESSAGE_TOO_LARGE' }, 'lane parked');
    },
    refused: ({ code, detail }) => {
      health.notReady(part, `${code}: ${detail}`);
      if (performance.now() - alarmedAtMs < ALARM_EVERY_MS) return;
      alarmedAtMs = performance.now();
      // The logger redacts `detail`; this contains offsets and message ids only.
      log.error({ topic, code, found: detail }, 'topic refused');
    },
    failed: (error) => {
      // Another relay has taken over: acquiring the topic again is a takeover.
      if (isFenced(error)) isOwned = false;
      health.notReady(part, 'failing; tried again until it succeeds');
      log.warn({ topic, err: error }, 'publishing failed');
    },
  };
}
