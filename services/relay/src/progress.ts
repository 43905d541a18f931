import { positionColumns, type Session, savePublishedThrough } from '@latchkey/postgres';
import type { LaneAnchor } from '@latchkey/publication';
import type { LaneChunk } from './chunk.ts';

const SAVE_MS = 1_000;

/** The positions of a topic's lanes, from this relay's own commits. */
export interface Progress {
  readonly lanes: ReadonlyMap<number, LaneAnchor>;
  /** Call once these are committed to Kafka. */
  advance(chunks: readonly LaneChunk[]): void;
  /** Saves changed positions to the database, at most once a second. */
  saveIfDue(nowMs: number): Promise<void>;
  /** Saves changed positions at once. */
  save(): Promise<void>;
}

export function createProgress(session: Session, start: readonly LaneAnchor[]): Progress {
  const lanes = new Map(start.map((lane) => [lane.lane, lane]));
  // The positions in the database may be older than those in Kafka.
  const unsaved = new Set(start.filter(({ position }) => position > 0n).map(({ lane }) => lane));
  let savedAtMs = 0;
  async function save(): Promise<void> {
    const due = [...lanes.values()].filter(({ lane }) => unsaved.has(lane));
    if (due.length === 0) return;
    unsaved.clear();
    await session.run(savePublishedThrough, positionColumns(due));
  }
  return {
    lanes,
    advance(chunks) {
      for (const { reached } of chunks) {
        lanes.set(reached.lane, reached);
        unsaved.add(reached.lane);
      }
    },
    async saveIfDue(nowMs) {
      if (nowMs - savedAtMs < SAVE_MS) return;
      savedAtMs = nowMs;
      await save();
    },
    save,
  };
}
