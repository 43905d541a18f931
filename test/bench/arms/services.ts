import { PROGRESS_TOTALS, type ProgressTotals } from '../../support/checks.ts';
import { type ChildService, spawnService, startService } from '../../support/process.ts';
import type { ReaderReport } from '../measure/reader.ts';
import type { BenchSystem } from '../system.ts';
import type { Sent } from '../workload/load.ts';
import type { ArmProcess, OpenArm } from './arm.ts';

export interface ServiceArmOptions {
  /** Script of the consumer, in the repository; undefined: the reconciler. */
  readonly script?: string;
  /** Number of consumers; default 1. */
  readonly consumers?: number;
  /** Another copy of the repository; its path ends with a slash. */
  readonly root?: string;
  /** Counts committed deliveries; undefined: by the positions of the inputs. */
  readonly committed?: (system: BenchSystem) => Promise<number>;
  /** Checks the outcome of the deliveries; undefined: by their dispositions. */
  readonly checkInputs?: (system: BenchSystem, sent: Sent) => Promise<readonly string[]>;
}

const OUTPUTS = ['lifecycle', 'access', 'verifications', 'reviews', 'dead-letters'] as const;

/** An arm that publishes through Latchkey's outbox and relay. */
export async function openServiceArm(
  system: BenchSystem,
  options: ServiceArmOptions = {},
): Promise<OpenArm> {
  await using stack = new AsyncDisposableStack();
  const { script, consumers = 1, root } = options;
  const place = root === undefined ? {} : { root };
  const relay = stack.use(await startService('relay', { env: system.env, ...place }));
  const children: ChildService[] = [];
  const committed = options.committed ?? countByPosition;
  const checkInputs = options.checkInputs ?? checkDispositions;
  const started = stack.use(new AsyncDisposableStack());
  const owned = stack.move();
  return {
    outputs: OUTPUTS.map((topic) => system.topics.names[topic]),
    start: async () => {
      const how = script === undefined ? {} : { script };
      for (let count = 0; count < consumers; count += 1) {
        const child = await spawnService('reconciler', { env: system.env, ...place, ...how });
        children.push(started.use(child));
      }
    },
    processes: () => [
      ...children.map((child): ArmProcess => ({ role: 'service', child })),
      { role: 'relay', child: relay },
    ],
    committed: () => committed(system),
    appended: () => countAppended(system),
    check: async (sent, read) => [
      ...(await checkInputs(system, sent)),
      ...(await checkOutbox(system, read)),
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function countByPosition({ database }: BenchSystem): Promise<number> {
  const [row] = await database.query<{ committed: number }>(
    'select coalesce(sum(next_offset - first_offset), 0)::float8 as committed from intake_progress',
  );
  return row?.committed ?? 0;
}

/** Sums the last positions of all lanes, which is fast at any size. */
export async function countAppended({ database }: BenchSystem): Promise<number> {
  const [row] = await database.query<{ appended: number }>(
    `select coalesce(sum(head), 0)::float8 as appended from outbox_lane,
      lateral (select max(position) as head from outbox where outbox.lane = outbox_lane.lane) as last`,
  );
  return row?.appended ?? 0;
}

/** Expects that every event is applied or stale, every duplicate is counted as one, and every poison is a dead letter. */
async function checkDispositions(
  { database }: BenchSystem,
  sent: Sent,
): Promise<readonly string[]> {
  const [totals] = await database.query<ProgressTotals & Record<string, number>>(PROGRESS_TOTALS);
  if (totals === undefined) return ['there are no totals'];
  const found = {
    received: totals.received,
    events: totals.applied + totals.stale,
    duplicates: totals.duplicate,
    poison: totals.deadLetter,
    conflicts: totals.conflict,
  };
  const expected = {
    received: sent.deliveries,
    events: sent.events,
    duplicates: sent.duplicates,
    poison: sent.poison,
    conflicts: 0,
  };
  return Object.entries(expected)
    .filter(([name, count]) => found[name as keyof typeof found] !== count)
    .map(([name, count]) => `${name}: ${found[name as keyof typeof found]} of ${count}`);
}

/** Expects that the messages equal the outbox, row by row, and that ids are unique. */
async function checkOutbox(
  { database }: BenchSystem,
  read: ReaderReport,
): Promise<readonly string[]> {
  const lanes = await database.query<{ lane: string; head: number; digest: number }>(DIGESTS);
  const [ids] = await database.query<{ repeated: number }>(
    'select (count(*) - count(distinct ce_id))::float8 as repeated from outbox',
  );
  const seen = new Map(read.lanes.map((lane) => [lane.lane, lane]));
  const differing = lanes.filter(({ lane, head, digest }) => {
    const own = seen.get(lane);
    return head !== (own?.count ?? 0) || digest !== (own?.digest ?? 0);
  });
  return [
    ...read.faults,
    ...differing.map(
      ({ lane, head }) => `${lane}: read ${seen.get(lane)?.count ?? 0} of ${head}, or differing`,
    ),
    ...(ids?.repeated === 0 ? [] : [`${ids?.repeated} effect ids are duplicates`]),
  ];
}

/** The digest that the reader computes. */
const DIGESTS = `
  select topic || '/' || partition as lane, max(position)::float8 as head,
    (sum(('x' || left(ce_id::text, 8))::bit(32)::bigint * (1 + position % 1000)) % 4294967291)::float8 as digest
  from outbox join outbox_lane using (lane) group by topic, partition`;
