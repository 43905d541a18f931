import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from '../../arena/arena.ts';

/** A finding of a trial: the check and its message. */
export interface TrialFinding {
  readonly check: string;
  readonly detail: string;
}

const DRAINED_LIMIT_MS = 90_000;
const POLL_EVERY_MS = 500;

/**
 * Waits until everything is drained. Reports `liveness` if that takes longer than 90 s, or if a partition
 * or topic has stopped.
 */
export async function drain(arena: Arena): Promise<readonly TrialFinding[]> {
  let isOver = false;
  const drained = arena.drained(DRAINED_LIMIT_MS).then(
    () => [],
    (error: unknown) => [
      createLivenessFinding(error instanceof Error ? error.message : String(error)),
    ],
  );
  const stopped = async (): Promise<readonly TrialFinding[]> => {
    for (;;) {
      await sleep(POLL_EVERY_MS);
      const found = isOver ? [] : await findStopped(arena);
      if (isOver || found.length > 0) return found;
    }
  };
  try {
    return await Promise.race([drained, stopped()]);
  } finally {
    isOver = true;
  }
}

async function findStopped({ database }: Arena): Promise<readonly TrialFinding[]> {
  const rows = await database.query<{ what: string }>(
    `select topic || '/' || partition || ' stopped: ' || stopped_code as what from intake_progress
    where stopped_code is not null
    union all
    select topic || ' refused: ' || refused_code from relay_topic where refused_code is not null`,
  );
  return rows.map(({ what }) => createLivenessFinding(what));
}

export function createLivenessFinding(detail: string): TrialFinding {
  return { check: 'liveness', detail };
}
