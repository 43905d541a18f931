import { ceIdOf, EFFECT_TOPIC, type OutputTopic, partitionOf } from '@latchkey/contracts';
import type { LaneRow, OutboxMessage } from '@latchkey/postgres';
import type { Effect } from './changes.ts';

/** Where effects go. */
export interface Outputs {
  /** Names this installation in `ce_source`: `urn:latchkey:<installation>`. */
  readonly installation: string;
  /** The lanes of each output topic, by partition. */
  readonly lanes: Readonly<Record<OutputTopic, readonly number[]>>;
  /** Of these lanes; another one in the database means that partitions were added since they were read. */
  readonly layout: number;
}

/**
 * The lanes of each output topic.
 *
 * @throws RangeError when a topic has no lanes, or a partition in between is missing
 */
export function outputLanes(
  rows: readonly LaneRow[],
  names: Readonly<Record<OutputTopic, string>>,
): Outputs['lanes'] {
  const lanes = Object.entries(names).map(([output, topic]) => [output, lanesOf(rows, topic)]);
  return Object.fromEntries(lanes) as Outputs['lanes'];
}

function lanesOf(rows: readonly LaneRow[], topic: string): readonly number[] {
  const own = rows
    .filter((row) => row.topic === topic)
    .toSorted((a, b) => a.partition - b.partition);
  if (own.length === 0 || own.some((row, index) => row.partition !== index)) {
    throw new RangeError(`the lanes of ${topic} are not complete`);
  }
  return own.map((row) => row.lane);
}

/** The outbox row of an effect: CloudEvents binary mode, with an id that is derived. */
export function messageOf(effect: Effect, outputs: Outputs): OutboxMessage {
  const { type, key, object, generation } = effect;
  const lanes = outputs.lanes[EFFECT_TOPIC[type]];
  const lane = lanes[partitionOf(key, lanes.length)];
  if (lane === undefined) throw new RangeError(`no lane for ${type}`);
  // The data of an access effect contains its id too.
  const ceId = 'effect' in effect.data ? effect.data.effect : ceIdOf(type, object, generation);
  return {
    lane,
    ceId,
    key,
    generation,
    payload: JSON.stringify(effect.data),
    headers: {
      ce_specversion: '1.0',
      ce_id: ceId,
      ce_type: type,
      ce_source: `urn:latchkey:${outputs.installation}`,
      ce_subject: key,
      ce_time: instantOf(effect.decidedAtMs),
      'content-type': 'application/json',
      lk_generation: generation.toString(),
      ...traceOf(effect),
    },
  };
}

let lastMs = Number.NaN;
let lastText = '';

/** All messages of a batch were decided at one moment: its text is made once. */
function instantOf(atMs: number): string {
  if (atMs !== lastMs) {
    lastText = new Date(atMs).toISOString();
    lastMs = atMs;
  }
  return lastText;
}

function traceOf({ traceparent, tracestate }: Effect): Record<string, string> {
  return {
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
}
