import { readFile } from 'node:fs/promises';
import { SCHEMA_FILE } from '../../../tools/generators/read-schema.ts';

/** Tables that operators and other programs may read; every other table is internal. */
const PUBLIC_TABLES: ReadonlySet<string> = new Set([
  'account',
  'assignment',
  'audit_entry',
  'audit_order',
  'audit_text',
  'conflict',
  'dead_letter',
  'engagement',
  'identity',
  'inbox',
  'intake_progress',
  'outbox',
  'outbox_lane',
  'relay_position',
  'review',
  'verification',
  'verification_attempt',
  'verification_callback',
]);

const INTERFACE = /^export interface (\w+) \{\n(.*?)^\}/gms;
const COLUMN = /^ {2}(\w+): (.*);$/gm;

/**
 * The columns of the public tables with their types, from the generated types of the schema. An
 * integration test compares those with the migrated database.
 */
export async function readTables(): Promise<Readonly<Record<string, string>>> {
  const source = await readFile(SCHEMA_FILE, 'utf8');
  const tables = [...source.matchAll(INTERFACE)].map(([, name = '', body = '']) => ({
    table: name.replace(/(?<=.)[A-Z]/g, '_$&').toLowerCase(),
    columns: [...body.matchAll(COLUMN)].map(
      ([, column = '', type = '']) => [column, type] as const,
    ),
  }));
  return Object.fromEntries(
    tables
      .filter(({ table }) => PUBLIC_TABLES.has(table))
      .flatMap(({ table, columns }) =>
        columns.map(([column, type]) => [
          `${table}.${column}`,
          type.replace(/^Generated<(.*)>$/, '$1'),
        ]),
      ),
  );
}
