import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenArm } from '../arms/arm.ts';
import { nowMs } from './clock.ts';

const LOOK_EVERY_MS = 25;
const STANDSTILL_MS = 60_000;
const OUTPUT_MAX_CHARACTERS = 4_000;

/**
 * Polls a number until it meets the condition, as long as the number changes.
 *
 * @throws Error when it has not changed for a minute, or when a process of the arm has ended
 */
export async function until(
  open: Pick<OpenArm, 'processes'>,
  poll: () => Promise<number>,
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
    const seen = await poll();
    const atMs = nowMs();
    if (isExpected(seen)) return { seen, atMs };
    if (seen !== last) [last, movedMs] = [seen, atMs];
    const [text] = ended;
    if (text !== undefined) throw new Error(text);
    if (atMs - movedMs > STANDSTILL_MS) throw new Error(`no progress since ${seen}`);
    await sleep(LOOK_EVERY_MS);
  }
}
