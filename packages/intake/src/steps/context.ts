import type { Db } from '@latchkey/postgres';
import type { Deciding } from './deciding.ts';

/** What intake works with: the database, the policy that decides, and the lanes of the outputs. */
export interface IntakeContext extends Deciding {
  readonly db: Db;
}
