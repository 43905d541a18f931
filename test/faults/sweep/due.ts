import { HR, type SentRecord, structured } from '../../support/events.ts';
import { eventually } from '../../support/eventually.ts';
import type { Arena } from '../arena/arena.ts';
import { DUE_POINTS, type Point } from '../failpoints/points.ts';
import { factEvent } from '../workload/facts.ts';

/** Some of them after the events of the case are processed, also on a busy machine. */
const DUE_AFTER_MS = [3_000, 6_000, 12_000, 24_000];
const EACH_COUNT = 3;
const DECIDED_LIMIT_MS = 120_000;

export function isDuePoint(point: Point): boolean {
  return (DUE_POINTS as readonly Point[]).includes(point);
}

/** Persons who start within the next half minute, several at the same time: work that becomes due. */
export function becomingDue(prefix: string, nowMs: number): readonly SentRecord[] {
  return DUE_AFTER_MS.flatMap((afterMs) =>
    Array.from({ length: EACH_COUNT }, (_, index) => {
      const person = { source: HR, externalId: `${prefix}-d${afterMs}-${index}` } as const;
      const draft = { kind: 'joined', engagement: 0, at: 0, until: 99, detail: index } as const;
      const event = factEvent(person, 1, draft);
      const startsAt = new Date(nowMs + afterMs).toISOString();
      return structured({ ...event, data: { ...(event.data as object), startsAt } });
    }),
  );
}

/**
 * Waits until everything was decided that becomes due soon. Leases end after three seconds, and not after two minutes: a
 * process that is stopped is overtaken, and what a dead one has leased comes back.
 *
 * @throws Error when that takes longer than two minutes
 */
export async function untilNoneIsDue({ database }: Arena): Promise<void> {
  const left = async (): Promise<readonly object[]> => {
    await database.query(
      `update due_work set lease_until = clock_timestamp()
      where lease_until > clock_timestamp() and tried_at < clock_timestamp() - interval '3 s'`,
    );
    return database.query(
      `select kind, item_id from due_work union all
      select 'due', identity_id::text from identity where next_transition_at < now() + interval '1 hour'`,
    );
  };
  await eventually('work that is due', left, (rows) => rows.length === 0, DECIDED_LIMIT_MS);
}
