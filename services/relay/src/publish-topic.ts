import type { TransactionalProducer } from '@latchkey/kafka';
import {
  agreeOnTopic,
  countTakeover,
  markRecommitted,
  type OutboxRow,
  outboxRange,
  readOutbox,
  type Session,
  saveParkedCode,
} from '@latchkey/postgres';
import type { LaneAnchor, Refusal } from '@latchkey/publication';
import { commitPositions, withDeadline } from '@latchkey/publication';
import { buildChunk, type LaneChunk } from './chunk.ts';
import type { Probe } from './probe.ts';
import type { Progress } from './progress.ts';
import { publishChunk } from './publish.ts';
import type { TopicReport } from './report.ts';
import type { Sizing } from './sizing.ts';

const READ_DEADLINE_MS = 30_000;
const RECOMMIT_EVERY_MS = 24 * 60 * 60 * 1_000;

/** The period in which a relay owns a topic, and what it works with. */
export interface Term {
  readonly topic: string;
  /** The id of this installation. */
  readonly installation: string;
  readonly clusterId: string;
  readonly session: Session;
  readonly producer: TransactionalProducer;
  readonly progress: Progress;
  readonly probe: Probe;
  readonly sizing: Sizing;
  readonly report: TopicReport;
  /** How long ago all positions were committed; undefined: they must be committed now. */
  readonly recommittedMsAgo: number | undefined;
}

/** Why publishing ended without an error. */
export type Ending =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'too-large'; readonly chunk: LaneChunk };

/**
 * Publishes the outbox of one topic until asked to stop, and then finishes the current transaction. After any other ending,
 * and after any error, the producer must be thrown away.
 */
export async function publishTopic(term: Term, signal: AbortSignal): Promise<Ending> {
  const first = await read(term, term.progress.lanes);
  const opening = buildChunk(first, term.progress.lanes);
  if (opening.kind === 'refused') return opening;
  await announce(term);
  const ending = await publishFrom(first, term, signal);
  await term.progress.save();
  return ending;
}

async function announce(term: Term): Promise<void> {
  const { topic, clusterId, session, progress, report } = term;
  await session.run(agreeOnTopic, { topic, clusterId });
  if (report.acquired(progress.lanes.values())) await session.run(countTakeover, { topic });
  reportParked(term);
}

async function publishFrom(
  first: readonly OutboxRow[],
  term: Term,
  signal: AbortSignal,
): Promise<Ending> {
  let rows = first;
  let recommitAtMs = Date.now() + RECOMMIT_EVERY_MS - (term.recommittedMsAgo ?? RECOMMIT_EVERY_MS);
  while (!signal.aborted) {
    /* eslint-disable no-await-in-loop -- one transaction after the other */
    if (Date.now() >= recommitAtMs) {
      await recommit(term);
      recommitAtMs = Date.now() + RECOMMIT_EVERY_MS;
    }
    const chunk = buildChunk(rows, term.progress.lanes);
    if (chunk.kind === 'refused') return chunk;
    if (chunk.lanes.length === 0) {
      await term.probe.waitForRows(
        term.sizing.plan(term.progress.lanes.values(), Date.now()).starts,
        signal,
      );
      rows = await read(term, term.progress.lanes);
    } else {
      const published = await publishAndRead(term, chunk.lanes);
      if (published.kind === 'too-large') return published;
      rows = published.rows;
    }
    await term.progress.saveIfDue(Date.now());
    /* eslint-enable no-await-in-loop */
  }
  return { kind: 'stopped' };
}

/** Publishes, and reads the next rows: meanwhile, if there are probably many. */
async function publishAndRead(
  term: Term,
  lanes: readonly LaneChunk[],
): Promise<
  | { readonly kind: 'published'; readonly rows: readonly OutboxRow[] }
  | { readonly kind: 'too-large'; readonly chunk: LaneChunk }
> {
  const { producer, progress, sizing } = term;
  const startedMs = performance.now();
  const ahead = lanes.some((chunk) => sizing.filled(chunk))
    ? read(term, reachedBy(progress.lanes, lanes))
    : undefined;
  ahead?.catch(() => undefined); // awaited below, unless publishing fails first
  const published = await publishChunk(producer, term, lanes);
  if (published.kind === 'too-large') return published;
  progress.advance(lanes);
  const messages = lanes.reduce((sum, chunk) => sum + chunk.messages.length, 0);
  term.report.published(messages, Math.round(performance.now() - startedMs));
  await unpark(term, lanes);
  return { kind: 'published', rows: await (ahead ?? read(term, progress.lanes)) };
}

function reachedBy(
  lanes: ReadonlyMap<number, LaneAnchor>,
  chunks: readonly LaneChunk[],
): ReadonlyMap<number, LaneAnchor> {
  return new Map([...lanes, ...chunks.map(({ reached }) => [reached.lane, reached] as const)]);
}

function read(
  { session, sizing }: Term,
  lanes: ReadonlyMap<number, LaneAnchor>,
): Promise<readonly OutboxRow[]> {
  const { starts, maxBytes } = sizing.plan(lanes.values(), Date.now());
  const reading = session.run(readOutbox, outboxRange(starts, maxBytes));
  return withDeadline(reading, READ_DEADLINE_MS, 'reading the outbox');
}

/** Includes lanes in which nothing was published: it shows other installations that the topic is claimed. */
async function recommit(term: Term): Promise<void> {
  await commitPositions(term.producer, term, [...term.progress.lanes.values()]);
  await term.session.run(markRecommitted, { topic: term.topic });
}

/** Unparks lanes whose parked message the broker has accepted. */
async function unpark(term: Term, lanes: readonly LaneChunk[]): Promise<void> {
  const unparked = lanes.filter(({ reached }) => term.sizing.accepted(reached.lane));
  if (unparked.length === 0) return;
  for (const { reached } of unparked) {
    // eslint-disable-next-line no-await-in-loop -- hardly ever more than one
    await term.session.run(saveParkedCode, { lane: reached.lane, code: null });
  }
  reportParked(term);
}

function reportParked({ progress, sizing, report }: Term): void {
  const parked = sizing.parkedLanes().map((lane) => progress.lanes.get(lane)?.partition ?? -1);
  report.parked(parked.toSorted((a, b) => a - b));
}
