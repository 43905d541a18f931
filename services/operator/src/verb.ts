import type { Db } from '@latchkey/postgres';
import type { Logger } from '@latchkey/runtime';
import type { Given } from './read-arguments.ts';
import type { OperatorSettings } from './settings.ts';

/** What a verb works with. */
export interface Operating {
  readonly db: Db;
  readonly settings: OperatorSettings;
  readonly log: Logger;
}

/** Carries out a verb and prints what became of it. */
export type Command = (operating: Operating, given: Given) => Promise<void>;
