import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from '../../arena/arena.ts';

/** One thing that a trial found: the check that spoke, and what it said. */
export interface TrialFinding {
  readonly check: string;
  readonly detail: string;
}

const DRAINED_LIMIT_MS = 90_000;
const LOOK_EVERY_MS = 500;

/**
 * Waits until everything is drained. `liveness`: it is not within 90 s, or a partition or a topic has
 * stopped, which in a trial none has a reason to.
 */
export async function drain(arena: Arena): Promise<readonly TrialFinding[]> {
  let isOver = false;
  const drained = arena.drained(DRAINED_LIMIT_MS).then(
    () => [],
    (error: unknown) => [livenessOf(error instanceof Error ? error.message : String(error))],
  );
  const stopped = async (): Promise<readonly TrialFinding[]> => {
    for (;;) {
      await sleep(LOOK_EVERY_MS);
      const found = isOver ? [] : await stoppedIn(arena);
      if (isOver || found.length > 0) return found;
    }
  };
  try {
    return await Promise.race([drained, stopped()]);
  } finally {
    isOver = true;
  }
}

async function stoppedIn({ database }: Arena): Promise<readonly TrialFinding[]> {
  const rows = await database.query<{ what: string }>(
    `select topic || '/' || partition || ' stopped: ' || stopped_code as what from intake_progress
    where stopped_code is not null
    union all
    select topic || ' refused: ' || refused_code from relay_topic where refused_code is not null`,
  );
  return rows.map(({ what }) => livenessOf(what));
}

export function livenessOf(detail: string): TrialFinding {
  return { check: 'liveness', detail };
}
