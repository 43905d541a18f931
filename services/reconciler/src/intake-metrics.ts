import { type Counts, DISPOSITIONS } from '@latchkey/intake';
import type { Metrics } from '@latchkey/runtime';

const BATCH_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BATCH_SIZES = [1, 5, 10, 50, 100, 250, 500, 1_000, 5_000];

export interface IntakeMetrics {
  /** A batch was committed. */
  processed(topic: string, counts: Counts): void;
  /** A transaction was committed, with so many deliveries in all of its batches. */
  committed(received: number, tookMs: number): void;
}

/** @param topics - their series exist from now on, so that the first delivery of a kind is an increase */
export function intakeMetrics(metrics: Metrics, topics: Iterable<string>): IntakeMetrics {
  const deliveries = metrics.counter('latchkey_deliveries_total');
  const seconds = metrics.histogram('latchkey_intake_batch_seconds', BATCH_SECONDS);
  const size = metrics.histogram('latchkey_intake_batch_size', BATCH_SIZES);
  for (const topic of topics) {
    for (const disposition of DISPOSITIONS) deliveries.inc({ topic, disposition }, 0);
  }
  return {
    processed: (topic, { applied, duplicate, stale, conflict, deadLetter }) => {
      const counts = { applied, duplicate, stale, conflict, dead_letter: deadLetter };
      for (const disposition of DISPOSITIONS) {
        deliveries.inc({ topic, disposition }, counts[disposition]);
      }
    },
    committed: (received, tookMs) => {
      seconds.observe(tookMs / 1_000);
      size.observe(received);
    },
  };
}
