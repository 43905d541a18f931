import { identityIdOf } from '@latchkey/contracts';
import { createPruner } from '@latchkey/intake';
import type { Db } from '@latchkey/postgres';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { employee, HR, hrEvent, inDays, type SentEvent } from './events.ts';
import { type IntakeHarness, openIntakeHarness } from './intake-harness.ts';

const RETENTION_DAYS = 730;

/** How much one page and one transaction read; small, so that few facts are many steps. */
export const SMALL_STEPS = {
  page: { maxRows: 2, maxBytes: 100_000 },
  transaction: { maxRows: 5, maxBytes: 100_000 },
};

export const LARGE_STEPS = {
  page: { maxRows: 1_000, maxBytes: 1_000_000 },
  transaction: { maxRows: 5_000, maxBytes: 1_000_000 },
};

/**
 * Looks at all engagements once.
 *
 * @param pause - called after each transaction
 * @returns how many facts each transaction has deleted
 */
export async function pruneAll(
  db: Db,
  limits: typeof SMALL_STEPS = SMALL_STEPS,
  pause: () => Promise<void> = () => Promise.resolve(),
): Promise<readonly number[]> {
  const counts: number[] = [];
  const pruner = createPruner(db, {
    retentionDays: RETENTION_DAYS,
    signal: new AbortController().signal,
    count: (pruned) => counts.push(pruned),
    pause,
    limits,
  });
  while (!(await pruner.prune()));
  return counts;
}

/** Makes facts older than the retention: all, or those up to an order. */
export async function ageFacts({ query }: TestDatabase, through = 1_000_000_000): Promise<void> {
  await query(
    `update fact set received_at = now() - make_interval(days => $1)
     where source_order <= $2 and received_at > now() - make_interval(days => $1)`,
    [RETENTION_DAYS + 1, through],
  );
}

/** The person that events are about unless they name another. */
export const PERSON = 'p';

export function joined(person = PERSON): SentEvent {
  return hrEvent('joined', person, 1, { startsAt: inDays(-900), attributes: employee('Sales') });
}

export function moved(
  revision: number,
  department = `D${revision}`,
  person: string = PERSON,
): SentEvent {
  const effectiveAt = inDays(-900 + revision / 10);
  return hrEvent('moved', person, revision, { effectiveAt, attributes: { department } });
}

export function stated(revision: number, person: string = PERSON): SentEvent {
  const timeline = [{ from: inDays(-900), attributes: employee('Stated') }];
  return hrEvent('stated', person, revision, { startsAt: inDays(-900), timeline });
}

/** Intake on a database of its own, and what it stores about `PERSON`. */
export interface PruningHarness extends IntakeHarness {
  readonly database: TestDatabase;
  /** Processes each event as a batch of its own. */
  send(...events: readonly SentEvent[]): Promise<void>;
  /** The orders of the facts that are kept. */
  orders(): Promise<readonly number[]>;
  checkpoint(): Promise<{ through: number | null; below: number | null } | undefined>;
  department(): Promise<string | undefined>;
  factBytes(): Promise<number>;
  /** Of what is left of pruned facts. */
  baseBytes(): Promise<number>;
  reviewKinds(): Promise<readonly string[]>;
}

export async function openPruningHarness(): Promise<PruningHarness> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  const harness = stack.use(await openIntakeHarness(database));
  const owned = stack.move();
  const read = <T extends object>(text: string): Promise<T[]> =>
    database.query<T>(text, [identityIdOf(HR, PERSON)]);
  return {
    ...harness,
    database,
    send: async (...events) => {
      for (const event of events) await harness.process([event]);
    },
    orders: async () => {
      const rows = await read<{ place: number }>(
        'select source_order::int as place from fact where identity_id = $1 order by 1',
      );
      return rows.map(({ place }) => place);
    },
    checkpoint: async () => {
      const [row] = await read<{ through: number | null; below: number | null }>(
        `select through_order::int as through, pruned_below::int as below
         from engagement_checkpoint where identity_id = $1`,
      );
      return row;
    },
    department: async () => {
      const [row] = await read<{ department: string }>(
        `select attributes::json ->> 'department' as department from account
         where identity_id = $1 and target = 'directory'`,
      );
      return row?.department;
    },
    factBytes: async () => {
      const [row] = await read<{ bytes: number }>(
        'select fact_bytes::float as bytes from identity where identity_id = $1',
      );
      return row?.bytes ?? Number.NaN;
    },
    baseBytes: async () => {
      const [row] = await read<{ bytes: number }>(
        'select sum(octet_length(base))::float as bytes from engagement_checkpoint where identity_id = $1',
      );
      return row?.bytes ?? Number.NaN;
    },
    reviewKinds: async () => {
      const rows = await database.query<{ kind: string }>('select kind from review order by kind');
      return rows.map(({ kind }) => kind);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
