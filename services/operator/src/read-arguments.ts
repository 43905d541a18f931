import { parseArgs } from 'node:util';
import { Failure } from '@latchkey/contracts';

/** The arguments behind the verb. */
export interface Given {
  readonly positionals: readonly string[];
  readonly code: string | undefined;
  readonly topic: string | undefined;
  readonly from: string | undefined;
  readonly partition: string | undefined;
  readonly partitions: string | undefined;
  readonly all: boolean;
  readonly json: boolean;
  /** Rows at most. */
  readonly limit: number;
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 10_000;

/**
 * Takes the arguments apart.
 *
 * @throws Failure CONFIG_INVALID for an option that no verb has, or a limit that is none
 */
export function readArguments(
  args: readonly string[],
  verbs: readonly string[],
): { readonly verb: string; readonly given: Given } {
  const { values, positionals } = parsed(args);
  const long = positionals.slice(0, 2).join(' ');
  const verb = verbs.includes(long) ? long : (positionals[0] ?? '');
  const { code, topic, from, partition, partitions, all = false, json = false } = values;
  return {
    verb,
    given: {
      positionals: positionals.slice(verb.split(' ').length),
      code,
      topic,
      from,
      partition,
      partitions,
      all,
      json,
      limit: limitOf(values.limit),
    },
  };
}

/** @throws Failure CONFIG_INVALID where it was not given */
export function required(value: string | undefined, name: string): string {
  if (value !== undefined && value !== '') return value;
  throw new Failure('CONFIG_INVALID', { problems: [`${name}: required; --help shows the usage`] });
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        code: { type: 'string' },
        topic: { type: 'string' },
        from: { type: 'string' },
        partition: { type: 'string' },
        partitions: { type: 'string' },
        limit: { type: 'string' },
        all: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : 'arguments cannot be read';
    throw new Failure('CONFIG_INVALID', { problems: [problem] }, { cause });
  }
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  const problems = [`--limit: expected a whole number from 1 to ${MAX_LIMIT}`];
  throw new Failure('CONFIG_INVALID', { problems });
}
