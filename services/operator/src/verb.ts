import type { Db } from '@latchkey/postgres';
import {
  type Given,
  type Grammar,
  type Logger,
  type OptionShapes,
  readArguments,
} from '@latchkey/runtime';
import type { OperatorSettings } from './settings.ts';

/** The connections and settings of a running verb. */
export interface Operating {
  readonly db: Db;
  readonly settings: OperatorSettings;
  readonly log: Logger;
  /** Aborted by Ctrl-C: waits for servers then reject. */
  readonly signal: AbortSignal;
}

/** One verb of the command line, with its arguments. */
export interface Verb extends Grammar<OptionShapes> {
  /** Its purpose in one line; empty where its name is enough. */
  readonly meaning: string;
  /** The profile of its sessions: verbs that scan whole lanes have longer time-outs. */
  readonly purpose: 'command' | 'repair';
  /**
   * Parses the arguments after the verb, and does nothing else.
   *
   * @returns runs the verb and prints its result
   * @throws Failure USAGE_INVALID for arguments that the verb does not accept
   */
  readonly prepare: (args: readonly string[]) => (operating: Operating) => Promise<void>;
}

/** A verb as it is declared. `run` receives the options under their names. */
interface Declared<O extends OptionShapes> extends Grammar<O> {
  readonly meaning?: string;
  /** `command` if left out. */
  readonly purpose?: Verb['purpose'];
  /** Refuses combinations of arguments, before anything is opened. */
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

/** Shapes of options. */
export const FLAG = { type: 'boolean' } as const;
export const TEXT = { type: 'string' } as const;
