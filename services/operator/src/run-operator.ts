import { Failure } from '@latchkey/contracts';
import { installKafkajsPatches } from '@latchkey/kafka';
import { checkSchema, openDatabase } from '@latchkey/postgres';
import type { ServiceContext } from '@latchkey/runtime';
import type { OperatorSettings } from './settings.ts';
import type { Verb } from './verb.ts';
import { VERBS } from './verbs.ts';
import { withoutWaiting } from './without-waiting.ts';

const OUTPUT_TOPICS = 5;

/** Runs one verb of the command line. Parses its arguments before it opens anything. */
export async function runOperator(context: ServiceContext<OperatorSettings>): Promise<void> {
  const { verb, rest } = findVerb(context.args);
  const runVerb = verb.prepare(rest);
  installKafkajsPatches();
  await withoutWaiting(context.signal, () => onDatabase(context, verb.purpose, runVerb));
}

async function onDatabase(
  { settings, log, signal }: ServiceContext<OperatorSettings>,
  purpose: Verb['purpose'],
  runVerb: ReturnType<Verb['prepare']>,
): Promise<void> {
  await using db = openDatabase({
    url: settings.DATABASE_URL,
    giveUp: signal,
    role: 'latchkey_operator',
    purpose,
    // One for each output topic that a repair owns, and two more.
    poolSize: OUTPUT_TOPICS + 2,
    applicationName: 'latchkey-operator',
    onConnectionLost: (err) => {
      log.debug({ err }, 'connection lost');
    },
  });
  await checkSchema(db);
  await runVerb({ db, settings, log, signal });
}

/** The verb at the start of the arguments, and the remaining arguments. */
function findVerb(args: readonly string[]): {
  readonly verb: Verb;
  readonly rest: readonly string[];
} {
  for (const words of [2, 1]) {
    const verb = VERBS.find(({ command }) => command === args.slice(0, words).join(' '));
    if (verb !== undefined) return { verb, rest: args.slice(words) };
  }
  const [first = ''] = args;
  const similar = VERBS.filter(({ command }) => command.startsWith(`${first} `));
  const known = (similar.length === 0 ? VERBS : similar).map(({ command }) => command);
  const asked = args.slice(0, similar.length === 0 ? 1 : 2).join(' ');
  const problem = first === '' ? 'no verb was given' : `unknown verb: ${asked}`;
  throw new Failure('USAGE_INVALID', {
    problems: [problem, `the verb comes first; there are: ${known.join(', ')}`],
  });
}
