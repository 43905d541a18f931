import { readFile } from 'node:fs/promises';
import { type Expression, parse } from './parse.ts';

const DOC = new URL('../../../docs/operations.md', import.meta.url);

/** One row of the table of alerts in docs/operations.md. */
export interface Alert {
  readonly name: string;
  readonly expression: Expression;
}

/** The rows `| name | expression | for | meaning |`, by name. */
export async function readAlerts(): Promise<ReadonlyMap<string, Alert>> {
  const section = (await readFile(DOC, 'utf8')).split('\n## Alerts\n')[1]?.split('\n## ')[0] ?? '';
  const rows = section.matchAll(/^\| (?<name>[^|`]+?) +\| `(?<text>[^`]+)` +\| /gm);
  const alerts = [...rows].map(({ groups }) => ({
    name: groups?.['name'] ?? '',
    expression: parse(groups?.['text'] ?? ''),
  }));
  return new Map(alerts.map((alert) => [alert.name, alert]));
}
