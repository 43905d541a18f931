import { progressAccept } from './accept-progress.ts';
import { conflictsList, conflictsShow } from './conflicts.ts';
import { deadLettersList, deadLettersRedrive, deadLettersShow } from './dead-letters.ts';
import { progressShow } from './progress.ts';
import { relayRebase } from './relay/rebase.ts';
import { relayRepartition } from './relay/repartition.ts';
import { relayReplay } from './relay/replay.ts';
import { status } from './status.ts';
import type { Verb } from './verb.ts';
import { workList, workRetry } from './work.ts';

/** Every verb, in the order of the usage. */
export const VERBS: readonly Verb[] = [
  status,
  deadLettersList,
  deadLettersShow,
  deadLettersRedrive,
  conflictsList,
  conflictsShow,
  progressShow,
  progressAccept,
  workList,
  workRetry,
  relayRebase,
  relayReplay,
  relayRepartition,
];

/** The verbs as `--help` prints them. */
export const USAGE = ['<verb>', ...VERBS.map(lineOf)].join('\n');

function lineOf({ command, usage, meaning }: Verb): string {
  const call = `  ${command} ${usage}`.trimEnd();
  return meaning === '' ? call : `${call}\n      ${meaning}`;
}
