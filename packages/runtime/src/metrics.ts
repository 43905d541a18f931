import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

interface MetricEntry {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** Every metric. Names are public: see docs/public-surface.json. Labels never contain personal data. */
export const METRICS = {
  latchkey_deliveries_total: {
    kind: 'counter',
    help: 'Deliveries processed, by disposition',
    labelNames: ['topic', 'disposition'],
  },
  latchkey_intake_batch_seconds: {
    kind: 'histogram',
    help: 'Time from the begin of a transaction to its commit',
    labelNames: [],
  },
  latchkey_intake_batch_size: {
    kind: 'histogram',
    help: 'Deliveries in a transaction, of all its partitions',
    labelNames: [],
  },
  latchkey_ready: {
    kind: 'gauge',
    help: '1 where /readyz answers 200, else 0',
    labelNames: [],
  },
  latchkey_chore_failures_total: {
    kind: 'counter',
    help: 'Times that a background task has failed or exceeded its limit',
    labelNames: ['chore'],
  },
  latchkey_chore_succeeded_timestamp_seconds: {
    kind: 'gauge',
    help: 'When a background task last succeeded, in seconds since 1970',
    labelNames: ['chore'],
  },
  latchkey_consumer_lag: {
    kind: 'gauge',
    help: 'Offsets between the position of a partition that this process has and the end of its log',
    labelNames: ['topic', 'partition'],
  },
  latchkey_consumer_position: {
    kind: 'gauge',
    help: 'The next offset to be processed of a partition that this process has',
    labelNames: ['topic', 'partition'],
  },
  latchkey_read_through_age_seconds: {
    kind: 'gauge',
    help: 'How far behind the clock the verification topic was read in all its partitions: deadlines wait for it',
    labelNames: ['topic'],
  },
  latchkey_read_through_left_out: {
    kind: 'gauge',
    help: 'Partitions of the verification topic that were stopped for so long that deadlines do not wait for them',
    labelNames: ['topic'],
  },
  latchkey_outbox_unpublished: {
    kind: 'gauge',
    help: 'Messages in the outbox that are not published yet',
    labelNames: ['topic'],
  },
  latchkey_oldest_unpublished_seconds: {
    kind: 'gauge',
    help: 'Age of the oldest message that is not published yet; 0 if there is none',
    labelNames: [],
  },
  latchkey_relay_published_total: {
    kind: 'counter',
    help: 'Messages published',
    labelNames: ['topic'],
  },
  latchkey_relay_takeovers_total: {
    kind: 'counter',
    help: 'Times that a relay of this database became the one that publishes the topic',
    labelNames: ['topic'],
  },
  latchkey_dead_letters: {
    kind: 'gauge',
    help: 'Open dead letters',
    labelNames: ['code'],
  },
  latchkey_policies_at_work: {
    kind: 'gauge',
    help: 'Policies that reconcilers have decided with in the last 30 s',
    labelNames: [],
  },
  latchkey_reviews_open: {
    kind: 'gauge',
    help: 'Open reviews; at most 10,000 of a kind are counted',
    labelNames: ['kind', 'overdue'],
  },
  latchkey_work_due: {
    kind: 'gauge',
    help: 'Items that are due and not decided; at most 20,000 of a kind are counted',
    labelNames: ['kind'],
  },
  latchkey_work_failing: {
    kind: 'gauge',
    help: 'Those of them that failed, and come again',
    labelNames: ['kind'],
  },
  latchkey_work_oldest_overdue_seconds: {
    kind: 'gauge',
    help: 'For how long the oldest of them has been due; 0 where there is none',
    labelNames: ['kind'],
  },
  latchkey_work_slowed: {
    kind: 'gauge',
    help: '1 while one item a minute is tried, since several failed in a row; else 0',
    labelNames: ['kind'],
  },
  latchkey_inbox_forgotten_total: {
    kind: 'counter',
    help: 'Claims that this reconciler deleted from the inbox after their retention',
    labelNames: [],
  },
  latchkey_facts_pruned_total: {
    kind: 'counter',
    help: 'Facts that this reconciler deleted, since an old full statement had replaced them',
    labelNames: [],
  },
  latchkey_inbox_remembers_seconds: {
    kind: 'gauge',
    help: 'How far back the inbox remembers; 0 as long as it has forgotten nothing',
    labelNames: [],
  },
  latchkey_inbox_retention_seconds: {
    kind: 'gauge',
    help: 'How far back the inbox should remember: INBOX_RETENTION_DAYS',
    labelNames: [],
  },
  latchkey_audit_partitions_seconds: {
    kind: 'gauge',
    help: 'Time until audit entries have no month of their own; below 0 the default partition stores them',
    labelNames: [],
  },
} as const satisfies Record<string, MetricEntry>;

type Table = typeof METRICS;
type NameOf<K extends MetricEntry['kind']> = {
  [N in keyof Table]: Table[N]['kind'] extends K ? N : never;
}[keyof Table];
type LabelOf<N extends keyof Table> = Table[N]['labelNames'][number];

/** Creates the metrics of this process; each of them once. */
export interface Metrics {
  readonly counter: <N extends NameOf<'counter'>>(name: N) => Counter<LabelOf<N>>;
  /** Has no series until it is set, and none after `reset`: an unknown value is never reported as 0. */
  readonly gauge: <N extends NameOf<'gauge'>>(name: N) => Gauge<LabelOf<N>>;
  readonly histogram: <N extends NameOf<'histogram'>>(
    name: N,
    /** Upper bounds, rising. */
    buckets: readonly number[],
  ) => Histogram<LabelOf<N>>;
  /** All of them in the Prometheus text format. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

/** Creates a registry that also contains the metrics of the process (CPU, memory, event loop). */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    counter: (name) => new Counter({ name, ...METRICS[name], registers }),
    gauge: (name) => {
      const gauge = new Gauge({ name, ...METRICS[name], registers });
      if (METRICS[name].labelNames.length > 0) return gauge;
      // prom-client begins with 0 where there are no labels, and goes back to it.
      const reset = (): void => {
        gauge.remove();
      };
      reset();
      return Object.assign(gauge, { reset });
    },
    histogram: (name, buckets) =>
      new Histogram({ name, ...METRICS[name], buckets: [...buckets], registers }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
