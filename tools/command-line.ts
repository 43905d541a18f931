import { Failure } from '@latchkey/contracts';
import {
  type Given,
  type Grammar,
  misused,
  type OptionShapes,
  outliveReaders,
  readArguments,
} from '@latchkey/runtime';

/** A command for developers; its grammar defines its arguments. */
export class CommandLine<const O extends OptionShapes> {
  readonly #grammar: Grammar<O>;

  constructor(grammar: Grammar<O>) {
    this.#grammar = grammar;
  }

  /**
   * Parses the arguments of this process and returns what `read` makes of them. Prints every problem and ends the
   * process with exit code 2 if there is any. From now on the process survives the readers of its output.
   */
  readOrExit<T>(read: (given: Given<O>) => T): T {
    outliveReaders();
    try {
      return this.read(process.argv.slice(2), read);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const problems = error.details['problems'] as readonly string[];
      process.stderr.write(`${problems.join('\n')}\n`);
      process.exit(2);
    }
  }

  /** @throws Failure USAGE_INVALID for anything that the command does not accept */
  read<T>(args: readonly string[], read: (given: Given<O>) => T): T {
    const given = readArguments(this.#grammar, args);
    try {
      return read(given);
    } catch (error) {
      if (error instanceof RangeError) throw misused(this.#grammar, [error.message]);
      throw error;
    }
  }
}

/** @throws RangeError unless it is a whole number of at least 1 and at most nine digits */
export function countOf(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new RangeError(`--${name}: expected a whole number from 1 on`);
}

/** @throws RangeError if the comma-separated list contains an unknown name */
export function namesOf<T extends string>(
  name: string,
  list: string,
  known: readonly T[],
): readonly T[] {
  return list.split(',').map((text) => {
    const found = known.find((one) => one === text);
    if (found === undefined) {
      throw new RangeError(`--${name}: ${text} is none of ${known.join(', ')}`);
    }
    return found;
  });
}
