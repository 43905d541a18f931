import { sql } from 'kysely';
import { statement } from '../statement.ts';

/** The migrations that the database has, oldest first. */
export const listAppliedMigrations = statement<object, { name: string }>(
  'list_applied_migrations',
  () => sql`select name from kysely_migration order by name`,
);
