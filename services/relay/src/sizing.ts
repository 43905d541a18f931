import type { LaneStart } from '@latchkey/postgres';
import type { LaneAnchor } from '@latchkey/publication';
import type { LaneChunk } from './chunk.ts';

/** Limits of one transaction, over all lanes of a topic. */
export interface TransactionLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** Limit of one lane in a transaction: its record batch, which brokers limit to 1 MiB by default. */
const MAX_LANE_BYTES = 768 * 1024;
/** The message that parked a lane is tried again after this time. */
const PARKED_MS = 60_000;

/** Decides how much of each lane goes into the next transaction, from what the broker has accepted so far. */
export interface Sizing {
  /** What to read next. Skips parked lanes, and tries each again with its first row after a minute. */
  plan(lanes: Iterable<LaneAnchor>, nowMs: number): { starts: LaneStart[]; maxBytes: number };
  /** True if the chunk filled its lane's share: there is probably more. */
  filled(chunk: LaneChunk): boolean;
  /** The broker refused the chunk for its size. 'parked': it was a single message. */
  refused(chunk: LaneChunk, nowMs: number): 'halved' | 'parked';
  /** Parks these lanes and no others. Those that were not parked before are tried at once. */
  parkOnly(lanes: readonly number[]): void;
  /** The broker accepted messages of the lane. True if it was parked. */
  accepted(lane: number): boolean;
  parkedLanes(): readonly number[];
}

export function createSizing(lanes: number, limits: TransactionLimits): Sizing {
  const maxRows = Math.max(1, Math.floor(limits.maxRows / lanes));
  const parked = new Map<number, number>();
  // Stays lowered: a topic's limit rarely changes, and finding it again costs a producer each time.
  let maxBytes = Math.min(MAX_LANE_BYTES, Math.floor(limits.maxBytes / lanes));
  return {
    plan: (anchors, nowMs) => ({
      starts: [...anchors]
        .filter(({ lane }) => (parked.get(lane) ?? 0) <= nowMs)
        .map(({ lane, position }) => ({
          lane,
          after: position,
          maxRows: parked.has(lane) ? 1 : maxRows,
        })),
      maxBytes,
    }),
    filled: (chunk) => chunk.messages.length >= maxRows,
    refused(chunk, nowMs) {
      if (chunk.messages.length === 1) {
        parked.set(chunk.reached.lane, nowMs + PARKED_MS);
        return 'parked';
      }
      maxBytes = Math.max(1, Math.min(maxBytes, Math.floor(bytesOf(chunk) / 2)));
      return 'halved';
    },
    parkOnly: (waiting) => {
      const known = new Map(parked);
      parked.clear();
      for (const lane of waiting) parked.set(lane, known.get(lane) ?? 0);
    },
    accepted: (lane) => parked.delete(lane),
    parkedLanes: () => [...parked.keys()],
  };
}

/** Counts bytes like the outbox does: payloads, and headers as JSON. */
function bytesOf(chunk: LaneChunk): number {
  return chunk.messages.reduce(
    (sum, { value, headers }) =>
      sum + Buffer.byteLength(value) + Buffer.byteLength(JSON.stringify(headers)),
    0,
  );
}
