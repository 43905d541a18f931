import { readdir, readFile } from 'node:fs/promises';
import { DEFAULT_TOPIC_NAMES, FAILURES, Failure, type FailureCode } from '@latchkey/contracts';
import { commonSettings, type SettingDoc, settingDocs } from '@latchkey/runtime';
import { isRefusal } from '../../../packages/runtime/src/describe-failure.ts';
import { METRICS } from '../../../packages/runtime/src/metrics.ts';
import { VERBS } from '../../../services/operator/src/verbs.ts';
import { SERVICE_SETTINGS } from '../../../tools/generators/service-settings.ts';
import { readTables } from './read-tables.ts';
import { type JsonSchema, schemaMembers } from './schema-members.ts';
import type { Surface } from './surface.ts';

const CONTRACTS = new URL('../../../docs/contracts/', import.meta.url);

/** What others rely on, as this version has it. */
export async function drawSurface(): Promise<Surface> {
  const drawn: Surface = {
    contracts: await drawContracts(),
    topics: await drawTopics(),
    settings: Object.fromEntries(SERVICE_SETTINGS.flatMap(drawSettings)),
    metrics: Object.fromEntries(
      Object.entries(METRICS).map(([name, { kind, labelNames }]) => [
        name,
        [kind, ...labelNames].join(' '),
      ]),
    ),
    columns: await readTables(),
    commands: Object.fromEntries(VERBS.flatMap(drawVerb)),
    failures: drawFailures(),
  };
  return Object.fromEntries(
    Object.entries(drawn).map(([kind, entries]) => [kind, sortedByName(entries)]),
  );
}

function sortedByName(entries: Surface[string]): Surface[string] {
  return Object.fromEntries(
    Object.entries(entries).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}

/** `npm run check` compares the documents with the schemas in code. */
async function drawContracts(): Promise<Surface[string]> {
  const files = (await readdir(CONTRACTS)).filter(
    (name) => name.endsWith('.json') && name !== 'asyncapi.json',
  );
  const members = await Promise.all(
    files.map(async (file) => {
      const name = file.replace(/\.json$/, '');
      const path = name === 'envelope' ? name : `${name} data`;
      return schemaMembers((await readJson(file)) as JsonSchema, path);
    }),
  );
  return Object.fromEntries(members.flat());
}

interface AsyncApi {
  readonly channels: Readonly<Record<string, { readonly messages: object }>>;
}

/** Each topic by its logical name, and each type of event that it carries. */
async function drawTopics(): Promise<Surface[string]> {
  const { channels } = (await readJson('asyncapi.json')) as AsyncApi;
  const types = Object.entries(channels).flatMap(([topic, { messages }]) =>
    Object.keys(messages).map((type) => [type, `on ${topic}`] as const),
  );
  return { ...DEFAULT_TOPIC_NAMES, ...Object.fromEntries(types) };
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(file, CONTRACTS), 'utf8'));
}

function drawSettings([service, shape]: (typeof SERVICE_SETTINGS)[number]): readonly (readonly [
  string,
  string,
])[] {
  const name = service.replace(/ .*/, '');
  return settingDocs({ ...shape, ...commonSettings }).map((doc) => [
    `${name} ${doc.name}`,
    textOf(doc),
  ]);
}

function textOf({ required, fallback, expected, secret, requires }: SettingDoc): string {
  return [
    required ? 'required' : `default ${fallback ?? 'none'}`,
    expected ?? 'text',
    ...(secret ? ['secret'] : []),
    ...(requires.length === 0 ? [] : [`needs ${requires.join(', ')}`]),
  ].join('; ');
}

function drawVerb({
  command,
  positionals = [],
  options,
}: (typeof VERBS)[number]): readonly (readonly [string, string])[] {
  return [
    [command, positionals.map((one) => `<${one}>`).join(' ')],
    ...Object.entries(options).map(([name, { type }]) => [`${command} --${name}`, type] as const),
  ];
}

/** Each code with the exit code of a process that it ends. */
function drawFailures(): Surface[string] {
  const codes = Object.keys(FAILURES) as FailureCode[];
  return Object.fromEntries(
    codes.map((code) => [code, `exit code ${isRefusal(new Failure(code)) ? 2 : 1}`]),
  );
}
