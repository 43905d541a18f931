import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenArm } from '../arms/arm.ts';
import { nowMs } from './clock.ts';

const LOOK_EVERY_MS = 25;
const STANDSTILL_MS = 60_000;
const OUTPUT_MAX_CHARACTERS = 4_000;

/**
 * Looks until it sees what is expected, for as long as something moves.
 *
 * @throws Error when nothing has moved for a minute, or a process of the arm has ended
 */
export async function until(
  open: Pick<OpenArm, 'processes'>,
  look: () => Promise<number>,
  isExpected: (seen: number) => boolean,
): Promise<{ readonly seen: number; readonly atMs: number }> {
  const ended: string[] = [];
  for (const { role, child } of open.processes()) {
    void child.exited.then(() => {
      ended.push(`the ${role} has ended:\n${child.output().slice(-OUTPUT_MAX_CHARACTERS)}`);
    });
  }
  let [last, movedMs] = [-1, nowMs()];
  for (;;) {
    const seen = await look();
    const atMs = nowMs();
    if (isExpected(seen)) return { seen, atMs };
    if (seen !== last) [last, movedMs] = [seen, atMs];
    const [text] = ended;
    if (text !== undefined) throw new Error(text);
    if (atMs - movedMs > STANDSTILL_MS) throw new Error(`nothing moves behind ${seen}`);
    await sleep(LOOK_EVERY_MS);
  }
}
