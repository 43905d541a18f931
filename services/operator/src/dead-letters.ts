import { Failure, type InputTopic } from '@latchkey/contracts';
import { openPolicy, type RedriveContext, type Redriven, redrive } from '@latchkey/intake';
import { listDeadLetters, readDeadLetter } from '@latchkey/postgres';
import { type Given, inputTopicNames, misused, readBuild } from '@latchkey/runtime';
import { checkDeadLetterCode, limitRows, required } from './bounds.ts';
import { loadOutputs } from './load-outputs.ts';
import { printLine, printRow, printRows } from './print.ts';
import { operatorName } from './progress.ts';
import { FLAG, type Operating, TEXT, verb } from './verb.ts';

/** Lists open dead letters, the oldest first; all of them with `--all`. */
export const deadLettersList = verb({
  command: 'dead-letters list',
  usage: '[--code C] [--topic T] [--all] [--limit N] [--json]',
  options: { code: TEXT, topic: TEXT, all: FLAG, limit: TEXT, json: FLAG },
  check: ({ code }) => {
    checkDeadLetterCode(code);
  },
  run: async ({ db }, { code, topic, all, limit, json }) => {
    const state = all ? undefined : 'open';
    printRows(await listDeadLetters(db, { state, code, topic, limit: limitRows(limit) }), json);
  },
});

/** Shows one dead letter with its headers and raw bytes. */
export const deadLettersShow = verb({
  command: 'dead-letters show',
  usage: '<id> [--json]',
  options: { json: FLAG },
  positionals: ['id'],
  run: async ({ db }, { positionals, json }) => {
    const id = required(positionals[0], 'id');
    const [letter] = isUuid(id) ? await db.run(readDeadLetter, { id }) : [];
    if (letter === undefined) throw new Failure('NOT_FOUND', { deadLetter: id });
    printRow(letter, json);
  },
});

const REDRIVE = {
  command: 'dead-letters redrive',
  usage: '<id>... | --code C [--topic T] [--limit N]',
  options: { code: TEXT, topic: TEXT, limit: TEXT },
  positionals: ['id...'],
} as const;

type RedriveGiven = Given<typeof REDRIVE.options>;

/** Puts dead letters back through intake, one transaction each. */
export const deadLettersRedrive = verb({
  ...REDRIVE,
  check: checkRedrive,
  run: async (operating, given) => {
    const context = await redriveContext(operating);
    const missing: string[] = [];
    for (const id of await idsToRedrive(operating, given)) {
      // eslint-disable-next-line no-await-in-loop -- in the given order
      const outcome = isUuid(id) ? await redrive(context, id) : NOT_FOUND;
      printLine(`${id} ${describe(outcome)}`);
      if (outcome.kind === 'not_found') missing.push(id);
    }
    if (missing.length > 0) throw new Failure('NOT_FOUND', { deadLetters: missing });
  },
});

const NOT_FOUND: Redriven = { kind: 'not_found' };

async function idsToRedrive(
  { db }: Operating,
  { positionals, code, topic, limit }: RedriveGiven,
): Promise<readonly string[]> {
  if (positionals.length > 0) return positionals;
  const letters = await listDeadLetters(db, {
    state: 'open',
    code,
    topic,
    limit: limitRows(limit),
  });
  return letters.map(({ id }) => id);
}

/** @throws Failure USAGE_INVALID unless either ids or a code of dead letters are given */
function checkRedrive({ positionals, code, topic, limit }: RedriveGiven): void {
  const narrowed = { code, topic, limit };
  const given = Object.entries(narrowed).flatMap(([name, value]) => (value ? [`--${name}`] : []));
  if (positionals.length > 0 && given.length > 0) {
    throw misused(
      REDRIVE,
      given.map((name) => `${name}: not together with ids`),
    );
  }
  if (positionals.length === 0 && code === undefined) {
    throw misused(REDRIVE, ['<id>, or --code: required']);
  }
  checkDeadLetterCode(code);
}

async function redriveContext({ db, settings }: Operating): Promise<RedriveContext> {
  const inputs = Object.entries(inputTopicNames(settings));
  return {
    db,
    policy: await openPolicy(settings.POLICY_FILE),
    outputs: await loadOutputs(db, settings),
    build: await readBuild(),
    inputOf: (topic) => inputs.find(([, name]) => name === topic)?.[0] as InputTopic | undefined,
    operator: operatorName(settings.OPERATOR),
  };
}

function describe(outcome: Redriven): string {
  switch (outcome.kind) {
    case 'applied':
      return 'applied';
    case 'duplicate':
      return 'duplicate: it was applied meanwhile';
    case 'conflict':
      return 'conflict: its id was applied meanwhile with other content; nothing was changed';
    case 'dead_letter':
      return `given up again: ${outcome.code} ${outcome.field ?? ''}: ${outcome.cause}`;
    case 'not_found':
      return 'not found';
    case 'not_open':
      return 'was redriven before';
  }
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
