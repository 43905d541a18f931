import { userInfo } from 'node:os';
import { listProgress } from '@latchkey/postgres';
import { printRows } from './print.ts';
import { FLAG, verb } from './verb.ts';

/** How far each input partition was read, and what became of its deliveries. */
export const progressShow = verb({
  command: 'progress show',
  usage: '[--json]',
  options: { json: FLAG },
  run: async ({ db }, { json }) => {
    printRows(await db.run(listProgress, {}), json);
  },
});

/** The name under which an operator's deeds are on record. */
export function operatorName(configured: string | undefined): string {
  return configured ?? userInfo().username;
}
