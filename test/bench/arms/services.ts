import { PROGRESS_TOTALS, type ProgressTotals } from '../../support/checks.ts';
import { type ChildService, spawnService, startService } from '../../support/process.ts';
import type { ReaderReport } from '../measure/reader.ts';
import type { BenchSystem } from '../system.ts';
import type { Sent } from '../workload/load.ts';
import type { ArmProcess, OpenArm } from './arm.ts';

export interface ServiceArmOptions {
  /** Reads the inputs: a script of the repository; undefined: the reconciler. */
  readonly script?: string;
  /** How many of them; 1 by default. */
  readonly consumers?: number;
  /** Another copy of the repository; its path ends with a slash. */
  readonly root?: string;
  /** Deliveries that were committed so far; undefined: by the positions of the inputs. */
  readonly taken?: (system: BenchSystem) => Promise<number>;
  /** What became of the deliveries; undefined: by their dispositions. */
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
  const taken = options.taken ?? takenByPosition;
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
    taken: () => taken(system),
    appended: () => appendedTo(system),
    check: async (sent, read) => [
      ...(await checkInputs(system, sent)),
      ...(await checkOutbox(system, read)),
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function takenByPosition({ database }: BenchSystem): Promise<number> {
  const [row] = await database.query<{ taken: number }>(
    'select coalesce(sum(next_offset - first_offset), 0)::float8 as taken from intake_progress',
  );
  return row?.taken ?? 0;
}

/** Asks each lane for its last position, which is quick at any size. */
export async function appendedTo({ database }: BenchSystem): Promise<number> {
  const [row] = await database.query<{ appended: number }>(
    `select coalesce(sum(head), 0)::float8 as appended from outbox_lane,
      lateral (select max(position) as head from outbox where outbox.lane = outbox_lane.lane) as last`,
  );
  return row?.appended ?? 0;
}

/** Every event applied or stale, every duplicate known for one, every poison a dead letter. */
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

/** What was read is the outbox, row by row, and no id is there twice. */
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
      ({ lane, head }) => `${lane}: read ${seen.get(lane)?.count ?? 0} of ${head}, or others`,
    ),
    ...(ids?.repeated === 0 ? [] : [`${ids?.repeated} effect ids are there twice`]),
  ];
}

/** As the reader adds them up. */
const DIGESTS = `
  select topic || '/' || partition as lane, max(position)::float8 as head,
    (sum(('x' || left(ce_id::text, 8))::bit(32)::bigint * (1 + position % 1000)) % 4294967291)::float8 as digest
  from outbox join outbox_lane using (lane) group by topic, partition`;
