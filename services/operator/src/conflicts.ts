import { Failure } from '@latchkey/contracts';
import { listConflicts, readConflicts, readFirstContent } from '@latchkey/postgres';
import { limitRows, required } from './bounds.ts';
import { printLine, printRow, printRows, without } from './print.ts';
import { FLAG, TEXT, verb } from './verb.ts';

/** Lists event ids that were delivered with different contents, the last seen first. */
export const conflictsList = verb({
  command: 'conflicts list',
  usage: '[--limit N] [--json]',
  options: { limit: TEXT, json: FLAG },
  run: async ({ db }, { limit, json }) => {
    const rows = await db.run(listConflicts, { limit: limitRows(limit) });
    printRows(without(rows, 'fingerprint'), json);
  },
});

/** Shows every content of one event id: the first, which counts, and the others. */
export const conflictsShow = verb({
  command: 'conflicts show',
  usage: '<event id> [--json]',
  options: { json: FLAG },
  positionals: ['event id'],
  run: async ({ db }, { positionals, json }) => {
    const eventId = required(positionals[0], 'event id');
    const [first] = await db.run(readFirstContent, { eventId });
    const others = await db.run(readConflicts, { eventId });
    if (first === undefined && others.length === 0) throw new Failure('NOT_FOUND', { eventId });
    if (first !== undefined) printRow({ content: 'first, which counts', ...first }, json);
    for (const other of others) {
      if (!json) printLine('');
      printRow({ content: 'another, not applied', ...other }, json);
    }
  },
});
