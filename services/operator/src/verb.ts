import type { Db } from '@latchkey/postgres';
import {
  type Given,
  type Grammar,
  type Logger,
  type OptionShapes,
  readArguments,
} from '@latchkey/runtime';
import type { OperatorSettings } from './settings.ts';

/** What a verb works with. */
export interface Operating {
  readonly db: Db;
  readonly settings: OperatorSettings;
  readonly log: Logger;
  /** Aborted by Ctrl-C: what waits for a server then rejects. */
  readonly signal: AbortSignal;
}

/** One verb of the command line: what it takes, and what it does with it. */
export interface Verb extends Grammar<OptionShapes> {
  /** What it is for, in one line; empty where its name says it. */
  readonly meaning: string;
  /** How its sessions are set up: what looks at whole lanes has longer time-outs. */
  readonly purpose: 'command' | 'repair';
  /**
   * Reads the arguments behind the verb, without doing anything yet.
   *
   * @returns carries out the verb and prints what became of it
   * @throws Failure USAGE_INVALID for anything that the verb does not take
   */
  readonly prepare: (args: readonly string[]) => (operating: Operating) => Promise<void>;
}

/** A verb as it is declared; its command receives the options under their names. */
interface Declared<O extends OptionShapes> extends Grammar<O> {
  readonly meaning?: string;
  /** `command` where it is left out. */
  readonly purpose?: Verb['purpose'];
  /** Refuses combinations, before anything is done. */
  readonly check?: (given: Given<O>) => void;
  readonly run: (operating: Operating, given: Given<O>) => Promise<void>;
}

export function verb<const O extends OptionShapes>(declared: Declared<O>): Verb {
  const { run, check, meaning = '', purpose = 'command', ...grammar } = declared;
  return {
    ...grammar,
    meaning,
    purpose,
    prepare: (args) => {
      const given = readArguments<O>(grammar, args);
      check?.(given);
      return (operating) => run(operating, given);
    },
  };
}

/** Options that several verbs have. */
export const FLAG = { type: 'boolean' } as const;
export const TEXT = { type: 'string' } as const;
