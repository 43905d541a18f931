import type { Batch } from '@latchkey/intake';
import { type Db, forgetClaims } from '@latchkey/postgres';
import { createTestDatabase } from './database.ts';
import { employee, hrEvent, inDays, ivrEvent, type SentEvent } from './events.ts';
import { type IntakeDesk, openIntakeDesk } from './intake-desk.ts';

const DAY_MS = 86_400_000;

/** Intake whose inbox forgets after 30 days, on a database of its own; days pass when they are told to. */
export interface ForgetfulDesk extends IntakeDesk {
  readonly databaseName: string;
  readonly databaseUrl: string;
  /** The next batch, as if the broker had stamped it so many days ago. */
  stamped(daysAgo: number, ...events: readonly SentEvent[]): Batch;
  /** Claims that were made until now were made so many days ago. */
  age(days: number): Promise<void>;
  /** One batch of the janitor; returns how many claims it forgot. */
  forget(db?: Db): Promise<number>;
  /** How far back the inbox remembers. */
  retainedSince(): Promise<Date | null>;
}

export async function openForgetfulDesk(): Promise<ForgetfulDesk> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  const desk = stack.use(await openIntakeDesk(database));
  const owned = stack.move();
  return {
    ...desk,
    databaseName: database.name,
    databaseUrl: database.url,
    stamped: (daysAgo, ...events) => {
      const batch = desk.batchOf(events);
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
    forget: async (db = desk.db) => {
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

/** A joiner of a person. */
export function joined(person: string, department = 'Sales'): SentEvent {
  const attributes = employee(department);
  return hrEvent('joined', person, 1, { startsAt: inDays(-90), attributes });
}

/** A verification that is pending for days. */
export function asked(verification: string, days = 9): SentEvent {
  return ivrEvent('requested', verification, { purpose: 'callback', expiresAt: inDays(days) });
}
