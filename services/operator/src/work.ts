import { Failure } from '@latchkey/contracts';
import { openPolicy, retryWork } from '@latchkey/intake';
import { listDueWork, WORK_KINDS, type WorkKind } from '@latchkey/postgres';
import { type Given, misused } from '@latchkey/runtime';
import { limitRows, usageInvalid } from './bounds.ts';
import { printLine, printRows } from './print.ts';
import { operatorName } from './progress.ts';
import { FLAG, TEXT, verb } from './verb.ts';

/** Lists due work that a process tries or that comes again: kind by kind, the longest due first. */
export const workList = verb({
  command: 'work list',
  usage: '[--kind K] [--limit N] [--json]',
  meaning: 'what is due and was tried: when it comes again, and why it failed',
  options: { kind: TEXT, limit: TEXT, json: FLAG },
  check: ({ kind }) => {
    if (kind !== undefined) kindOf(kind);
  },
  run: async ({ db }, { kind, limit, json }) => {
    const kinds = kind === undefined ? WORK_KINDS : [kindOf(kind)];
    printRows(await db.run(listDueWork, { kinds, limit: limitRows(limit) }), json);
  },
});

const RETRY = {
  command: 'work retry',
  usage: '<item>... --kind K | --kind K | --all',
  meaning: 'try what has failed again now, at full speed',
  options: { kind: TEXT, all: FLAG },
  positionals: ['item...'],
} as const;

/** Tries due work that failed again at once: items of a kind, all of a kind, or all. */
export const workRetry = verb({
  ...RETRY,
  check: checkRetry,
  run: async ({ db, settings }, { positionals, kind, all }) => {
    const kinds = all || kind === undefined ? WORK_KINDS : [kindOf(kind)];
    const itemIds = positionals.length === 0 ? undefined : positionals;
    const { owner } = await openPolicy(settings.POLICY_FILE);
    const operator = operatorName(settings.OPERATOR);
    for (const one of kinds) {
      // eslint-disable-next-line no-await-in-loop -- in the order of the kinds
      const retried = await retryWork(db, { kind: one, itemIds, operator, owner });
      for (const itemId of retried) printLine(`${one} ${itemId} comes again now`);
      if (retried.length === 0) printLine(`${one}: nothing waits for another try`);
      const missing = itemIds?.filter((itemId) => !retried.includes(itemId)) ?? [];
      if (missing.length > 0) throw new Failure('NOT_FOUND', { [one]: missing });
    }
  },
});

/** @throws Failure USAGE_INVALID unless either a kind or all is given, and items only with a kind */
function checkRetry({ positionals, kind, all }: Given<typeof RETRY.options>): void {
  if (all && (kind !== undefined || positionals.length > 0)) {
    throw misused(RETRY, ['--all: not together with --kind and items']);
  }
  if (!all && kind === undefined) throw misused(RETRY, ['--kind, or --all: required']);
  if (kind !== undefined) kindOf(kind);
}

/** @throws Failure USAGE_INVALID for a kind that there is not */
function kindOf(text: string): WorkKind {
  const kind = WORK_KINDS.find((one) => one === text);
  if (kind !== undefined) return kind;
  throw usageInvalid(`--kind: expected one of ${WORK_KINDS.join(', ')}`);
}
