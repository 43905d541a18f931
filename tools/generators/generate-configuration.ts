import { readFileSync, writeFileSync } from 'node:fs';
import { commonSettings, type SettingDoc, settingDocs } from '@latchkey/runtime';
import { CommandLine } from '../command-line.ts';
import { SERVICE_SETTINGS } from './service-settings.ts';

/** Writes docs/configuration.md from the settings of the services; with `--check` only compares. */
const FILE = new URL('../../docs/configuration.md', import.meta.url);

const HEAD = `# Configuration

Generated from the settings of the services by \`npm run configuration\`; do not edit.
\`npm run start:<service> -- --help\` prints the same table.

Settings are environment variables. An empty one counts as unset. A secret may also be read from the
file that \`<SETTING>_FILE\` names (at most 64 KiB; line ends at its end are not part of it). All problems
are reported at once, never with a value, and the process ends with exit code 2. A variable that is no
setting but looks like one (\`BATCH_MAX_EVENT\`, \`KAFKA_BROKER\`) is named in a warning at start, never with its value.
`;

function sectionOf([name, shape]: (typeof SERVICE_SETTINGS)[number]): string {
  const rows = settingDocs({ ...shape, ...commonSettings }).map(rowOf);
  const head = ['| setting | default | bounds | meaning |', '|---|---|---|---|'];
  return `\n## ${name}\n\n${[...head, ...rows].join('\n')}\n`;
}

function rowOf(doc: SettingDoc): string {
  const standard = doc.required
    ? 'required'
    : doc.fallback === undefined
      ? '–'
      : `\`${doc.fallback}\``;
  const secret = doc.secret ? ` Secret: or \`${doc.name}_FILE\`.` : '';
  const companions = doc.requires.map((name) => `\`${name}\``).join(', ');
  const needs = companions === '' ? '' : ` Needs ${companions}.`;
  const cells = [
    `\`${doc.name}\``,
    standard,
    doc.expected ?? 'text',
    `${doc.meaning}.${secret}${needs}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

const text = HEAD + SERVICE_SETTINGS.map(sectionOf).join('');
const isCheck = new CommandLine({
  command: 'npm run configuration --',
  options: { check: { type: 'boolean' } },
  usage: '[--check]',
}).readOrExit(({ check }) => check);
if (!isCheck) {
  writeFileSync(FILE, text);
} else if (readFileSync(FILE, 'utf8') !== text) {
  console.error('docs/configuration.md is not current: run `npm run configuration`');
  process.exitCode = 1;
}
