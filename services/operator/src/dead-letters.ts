import { type InputTopic } from '@latchkey/contracts';
import { openPolicy, type RedriveContext, type Redriven, redrive } from '@latchkey/intake';
import { listDeadLetters, readDeadLetter } from '@latchkey/postgres';
import { inputTopicNames } from '@latchkey/runtime';
import { outputsOf } from './outputs.ts';
import { printLine, printRow, printRows } from './print.ts';
import { operatorName } from './progress.ts';
import { type Given, required } from './read-arguments.ts';
import type { Command, Operating } from './verb.ts';

/** Dead letters that wait, the oldest first; all of them with `--all`. */
export const listDeadLetterRows: Command = async ({ db }, { code, topic, all, limit, json }) => {
  const state = all ? undefined : 'open';
  printRows(await listDeadLetters(db, { state, code, topic, limit }), json);
};

/** One dead letter with its headers and raw bytes. */
export const showDeadLetter: Command = async ({ db }, { positionals, json }) => {
  const id = required(positionals[0], 'id');
  const [letter] = isUuid(id) ? await db.run(readDeadLetter, { id }) : [];
  if (letter === undefined) printLine(`no such dead letter: ${id}`);
  else printRow(letter, json);
};

/** Puts dead letters back through intake, one transaction each. */
export const redriveDeadLetters: Command = async (operating, given) => {
  const context = await redriveContext(operating);
  for (const id of await idsToRedrive(operating, given)) {
    // eslint-disable-next-line no-await-in-loop -- in the order in which they came
    const became = isUuid(id) ? await redrive(operating.db, id, context) : NOT_FOUND;
    printLine(`${id} ${describe(became)}`);
  }
};

const NOT_FOUND: Redriven = { kind: 'not_found' };

async function idsToRedrive(
  { db }: Operating,
  { positionals, code, topic, limit }: Given,
): Promise<readonly string[]> {
  if (positionals.length > 0) return positionals;
  required(code, 'id, or --code');
  const letters = await listDeadLetters(db, { state: 'open', code, topic, limit });
  return letters.map(({ id }) => id);
}

async function redriveContext({ db, settings }: Operating): Promise<RedriveContext> {
  const inputs = Object.entries(inputTopicNames(settings));
  return {
    policy: await openPolicy(settings.POLICY_FILE),
    outputs: await outputsOf(db, settings),
    inputOf: (topic) => inputs.find(([, name]) => name === topic)?.[0] as InputTopic | undefined,
    operator: operatorName(settings.OPERATOR),
  };
}

function describe(became: Redriven): string {
  switch (became.kind) {
    case 'applied':
      return 'applied';
    case 'duplicate':
      return 'duplicate: it was applied meanwhile';
    case 'conflict':
      return 'conflict: its id was applied meanwhile with other content; nothing was changed';
    case 'dead_letter':
      return `given up again: ${became.code} ${became.field ?? ''}: ${became.cause}`;
    case 'not_found':
      return 'not found';
    case 'not_open':
      return 'was redriven before';
  }
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
