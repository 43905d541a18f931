import { positionColumns, type Session, savePublishedThrough } from '@latchkey/postgres';
import type { LaneAnchor } from '@latchkey/publication';
import type { LaneChunk } from './chunk.ts';

const SAVE_MS = 1_000;

/** Where the lanes of a topic stand, as this relay knows from its own commits. */
export interface Progress {
  readonly lanes: ReadonlyMap<number, LaneAnchor>;
  /** These were committed to Kafka. */
  advance(chunks: readonly LaneChunk[]): void;
  /** Notes in the database what is new, at most once a second. */
  saveIfDue(nowMs: number): Promise<void>;
  /** Notes what is new at once. */
  save(): Promise<void>;
}

export function createProgress(session: Session, start: readonly LaneAnchor[]): Progress {
  const lanes = new Map(start.map((lane) => [lane.lane, lane]));
  // What the database has may lie behind where Kafka was found to stand.
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
