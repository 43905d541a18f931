import type { Batch } from '@latchkey/intake';
import { type Db, forgetClaims } from '@latchkey/postgres';
import { createTestDatabase } from './database.ts';
import { employee, hrEvent, inDays, ivrEvent, type SentEvent } from './events.ts';
import { type IntakeHarness, openIntakeHarness } from './intake-harness.ts';

const DAY_MS = 86_400_000;

/** Intake whose inbox keeps claims for 30 days, on its own database; `age` makes time pass. */
export interface RetentionHarness extends IntakeHarness {
  readonly databaseName: string;
  readonly databaseUrl: string;
  /** The next batch, as if the broker had stamped it `daysAgo`. */
  stamped(daysAgo: number, ...events: readonly SentEvent[]): Batch;
  /** Makes existing claims older by so many days. */
  age(days: number): Promise<void>;
  /** Runs one batch of the janitor; returns how many claims it deleted. */
  forget(db?: Db): Promise<number>;
  /** The moment from which on all claims are kept; null: none was ever deleted. */
  retainedSince(): Promise<Date | null>;
}

export async function openRetentionHarness(): Promise<RetentionHarness> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  const harness = stack.use(await openIntakeHarness(database));
  const owned = stack.move();
  return {
    ...harness,
    databaseName: database.name,
    databaseUrl: database.url,
    stamped: (daysAgo, ...events) => {
      const batch = harness.batchOf(events);
      const takenAtMs = Date.now() - daysAgo * DAY_MS;
      const deliveries = batch.deliveries.map((delivery) => ({ ...delivery, takenAtMs }));
      return { ...batch, deliveries };
    },
    age: async (days) => {
      await database.query(
        'update inbox set received_at = received_at - make_interval(days => $1)',
        [days],
      );
    },
    forget: async (db = harness.db) => {
      const parameters = { retentionDays: 30, marginSeconds: 5, afterMs: 0 };
      const [answer] = await db.run(forgetClaims, parameters);
      return answer?.forgotten ?? -1;
    },
    retainedSince: async () => {
      const [row] = await database.query<{ retained_since: Date | null }>(
        'select retained_since from inbox_retention',
      );
      return row?.retained_since ?? null;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A person joins. */
export function joined(person: string, department = 'Sales'): SentEvent {
  const attributes = employee(department);
  return hrEvent('joined', person, 1, { startsAt: inDays(-90), attributes });
}

/** A verification that is pending for days. */
export function asked(verification: string, days = 9): SentEvent {
  return ivrEvent('requested', verification, { purpose: 'callback', expiresAt: inDays(days) });
}
