import { Failure } from '@latchkey/contracts';
import { checkSchema, openDatabase } from '@latchkey/postgres';
import type { ServiceContext } from '@latchkey/runtime';
import { listConflictRows, showConflict } from './conflicts.ts';
import { listDeadLetterRows, redriveDeadLetters, showDeadLetter } from './dead-letters.ts';
import { acceptProgressOf, showProgress } from './progress.ts';
import { readArguments } from './read-arguments.ts';
import { rebaseRelay } from './relay/rebase.ts';
import { repartitionRelay } from './relay/repartition.ts';
import { replayRelay } from './relay/replay.ts';
import type { OperatorSettings } from './settings.ts';
import { showStatus } from './status.ts';
import type { Command, Operating } from './verb.ts';

export const USAGE = `<verb> [--json]
  status                                       positions, outputs, what waits for a person
  dead-letters list [--code C] [--topic T] [--all] [--limit N]
  dead-letters show <id>
  dead-letters redrive <id>... | --code <code> [--limit N]
  conflicts list [--limit N]
  conflicts show <event id>
  progress show
  progress accept <topic> <partition> [--from earliest|position|latest|<offset>]
  relay rebase [--all]                         the database went back: state everything again
  relay replay [--topic T [--partition N] [--from <position>]]   Kafka went back: publish from there
  relay repartition --partitions N             more partitions for every output topic`;

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['status', showStatus],
  ['dead-letters list', listDeadLetterRows],
  ['dead-letters show', showDeadLetter],
  ['dead-letters redrive', redriveDeadLetters],
  ['conflicts list', listConflictRows],
  ['conflicts show', showConflict],
  ['progress show', showProgress],
  ['progress accept', acceptProgressOf],
  ['relay rebase', rebaseRelay],
  ['relay replay', replayRelay],
  ['relay repartition', repartitionRelay],
]);

const OUTPUT_TOPICS = 5;

/** Runs one verb of the command line. */
export async function runOperator(context: ServiceContext<OperatorSettings>): Promise<void> {
  const { settings, log } = context;
  const { verb, given } = readArguments(context.args, [...COMMANDS.keys()]);
  const command = COMMANDS.get(verb);
  if (command === undefined) {
    throw new Failure('CONFIG_INVALID', { problems: ['unknown verb; --help lists them'] });
  }
  await using db = openDatabase({
    url: settings.DATABASE_URL,
    role: 'latchkey_operator',
    // One for each output topic that is held, and two to work with.
    poolSize: OUTPUT_TOPICS + 2,
    applicationName: 'latchkey-operator',
    onConnectionLost: (err) => {
      log.debug({ err }, 'connection lost');
    },
  });
  await checkSchema(db);
  const operating: Operating = { db, settings, log };
  await command(operating, given);
}
