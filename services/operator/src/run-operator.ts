import { Failure } from '@latchkey/contracts';
import { installKafkajsPatches } from '@latchkey/kafka';
import { checkSchema, openDatabase } from '@latchkey/postgres';
import type { ServiceContext } from '@latchkey/runtime';
import type { OperatorSettings } from './settings.ts';
import type { Verb } from './verb.ts';
import { VERBS } from './verbs.ts';
import { withoutWaiting } from './without-waiting.ts';

const OUTPUT_TOPICS = 5;

/** Runs one verb of the command line. Its arguments are read before anything is opened. */
export async function runOperator(context: ServiceContext<OperatorSettings>): Promise<void> {
  const { verb, behind } = findVerb(context.args);
  const carryOut = verb.prepare(behind);
  installKafkajsPatches();
  await withoutWaiting(context.signal, () => onDatabase(context, verb.purpose, carryOut));
}

async function onDatabase(
  { settings, log, signal }: ServiceContext<OperatorSettings>,
  purpose: Verb['purpose'],
  carryOut: ReturnType<Verb['prepare']>,
): Promise<void> {
  await using db = openDatabase({
    url: settings.DATABASE_URL,
    giveUp: signal,
    role: 'latchkey_operator',
    purpose,
    // One for each output topic that is held, and two to work with.
    poolSize: OUTPUT_TOPICS + 2,
    applicationName: 'latchkey-operator',
    onConnectionLost: (err) => {
      log.debug({ err }, 'connection lost');
    },
  });
  await checkSchema(db);
  await carryOut({ db, settings, log, signal });
}

/** The verb that the arguments begin with, and the arguments behind it. */
function findVerb(args: readonly string[]): {
  readonly verb: Verb;
  readonly behind: readonly string[];
} {
  for (const words of [2, 1]) {
    const verb = VERBS.find(({ command }) => command === args.slice(0, words).join(' '));
    if (verb !== undefined) return { verb, behind: args.slice(words) };
  }
  const [first = ''] = args;
  const alike = VERBS.filter(({ command }) => command.startsWith(`${first} `));
  const known = (alike.length === 0 ? VERBS : alike).map(({ command }) => command);
  const asked = args.slice(0, alike.length === 0 ? 1 : 2).join(' ');
  const problem = first === '' ? 'no verb was given' : `unknown verb: ${asked}`;
  throw new Failure('USAGE_INVALID', {
    problems: [problem, `the verb comes first; there are: ${known.join(', ')}`],
  });
}
