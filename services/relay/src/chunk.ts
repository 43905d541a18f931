import { epochOf } from '@latchkey/contracts';
import type { OutboxRow } from '@latchkey/postgres';
import { anchorOf, digestOf, type LaneAnchor, type Refusal } from '@latchkey/publication';

export interface OutgoingMessage {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The messages of one lane in a transaction: at least one. */
export interface LaneChunk {
  readonly messages: readonly OutgoingMessage[];
  /** The position of the lane once these are published. */
  readonly reached: LaneAnchor;
}

export type Chunk =
  | { readonly kind: 'chunk'; readonly lanes: readonly LaneChunk[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Turns rows (by lane and position) into messages. Refused where the first row of a lane does not follow its position, or
 * a row does not follow the one before: the database has lost something.
 */
export function buildChunk(
  rows: readonly OutboxRow[],
  lanes: ReadonlyMap<number, LaneAnchor>,
): Chunk {
  const chunks: LaneChunk[] = [];
  for (const [lane, own] of Map.groupBy(rows, (row) => row.lane)) {
    const from = lanes.get(lane);
    if (from === undefined) throw new RangeError(`lane ${lane} was not asked for`);
    const hole = own.findIndex((row, index) => row.position !== from.position + BigInt(index + 1));
    if (hole >= 0) return { kind: 'refused', refusal: missing(from, hole) };
    const messages = own.map(messageOf);
    chunks.push({ messages, reached: anchorAt(from, own, messages) });
  }
  return { kind: 'chunk', lanes: chunks };
}

function missing(from: LaneAnchor, hole: number): Refusal {
  const position = from.position + BigInt(hole + 1);
  const detail = `partition ${from.partition}: the outbox has no row at ${position}, but later ones: relay rebase`;
  return { code: 'RELAY_ROW_MISSING', detail };
}

function messageOf(row: OutboxRow): OutgoingMessage {
  const headers = JSON.parse(row.headers) as Readonly<Record<string, string>>;
  return {
    key: row.key,
    value: row.payload,
    headers: { ...headers, lk_position: row.position.toString() },
  };
}

function anchorAt(
  from: LaneAnchor,
  rows: readonly OutboxRow[],
  messages: readonly OutgoingMessage[],
): LaneAnchor {
  const last = rows.at(-1);
  if (last === undefined) return from;
  const digest = digestOf(messages.at(-1)?.headers['ce_time'], last.payload);
  const epochs = messages.map(({ headers }) => epochOf(BigInt(headers['lk_generation'] ?? 0)));
  return {
    ...from,
    position: last.position,
    anchor: anchorOf({ ceId: last.ceId, digest }),
    epoch: Math.max(from.epoch, ...epochs),
  };
}
