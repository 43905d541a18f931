import type { z } from 'zod';
import { type SettingDoc, settingDocs } from './setting-docs.ts';
import { commonSettings } from './settings.ts';

export interface HelpInput {
  readonly name: string;
  readonly settings: z.ZodObject;
  readonly usage?: string;
}

/** What `--help` prints: how to call the service, and the table of its settings. */
export function helpText({ name, settings, usage }: HelpInput): string {
  const docs = settingDocs({ ...settings.shape, ...commonSettings });
  const rows = [['SETTING', 'DEFAULT', 'MEANING'], ...docs.map(rowOf)];
  const table = alignColumns(rows);
  return `${[
    `${name}${usage === undefined ? '' : ` ${usage}`}`,
    '',
    'Settings are environment variables; an empty one counts as unset.',
    'A secret may also be read from the file that <SETTING>_FILE names.',
    '',
    ...table,
    '',
    'Exit codes: 0 done or asked to stop, 1 failed, 2 bad configuration or usage, 130 or 143 interrupted before it was done.',
  ].join('\n')}\n`;
}

function rowOf({ name, required, fallback, secret, meaning }: SettingDoc): readonly string[] {
  const standard = required ? 'required' : (fallback ?? '–');
  return [name, standard, `${meaning}${secret ? ' (secret)' : ''}`];
}

function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
