import { readFileSync, statSync } from 'node:fs';
import { readUtf8 } from '@latchkey/contracts';
import { z } from 'zod';
import { type SettingDoc, settingDocs } from './setting-docs.ts';
import { commonSettings } from './settings.ts';

const FILE_MAX_BYTES = 65_536;
/** What Node makes of bytes in the environment that are not UTF-8. */
const REPLACEMENT = '\ufffd';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything, where all is in order; else one line for each bad setting, never with its value. */
export type SettingsRead<S extends z.ZodObject> =
  | {
      readonly settings: z.output<S>;
      /** What runService itself needs, whether or not the service names it. */
      readonly common: z.output<z.ZodObject<typeof commonSettings>>;
    }
  | { readonly problems: readonly string[] };

/**
 * Reads the settings of a service and of the process shell, and finds all problems at once. An empty
 * variable counts as unset. A secret may come from the file that NAME_FILE names instead; line ends at
 * the end of the file are not part of it, nor is a byte order mark at its beginning. What is not UTF-8 is
 * refused, as it would be another secret than the one that was meant.
 */
export function readSettings<S extends z.ZodObject>(
  schema: S,
  environment: Environment,
): SettingsRead<S> {
  const docs = settingDocs({ ...commonSettings, ...schema.shape });
  const { texts, unreadable } = collectTexts(docs, environment);
  const input = Object.fromEntries(texts);
  const common = z.object(commonSettings).safeParse(input);
  const own = schema.safeParse(input);
  const found = [
    ...unreadable,
    ...missingCompanions(docs, texts),
    ...problemsOf(common.error, texts),
    ...problemsOf(own.error, texts),
  ];
  if (common.success && own.success && found.length === 0) {
    return { settings: own.data, common: common.data };
  }
  // The first problem of a setting explains those that follow from it.
  const byName = new Map([...found].reverse());
  return { problems: [...byName].sort().map(([name, problem]) => `${name}: ${problem}`) };
}

/** The name of a setting and what is wrong with it. */
type Problem = readonly [name: string, problem: string];
type Texts = ReadonlyMap<string, string>;

function collectTexts(
  docs: readonly SettingDoc[],
  environment: Environment,
): { readonly texts: Texts; readonly unreadable: readonly Problem[] } {
  const texts = new Map<string, string>();
  const unreadable: Problem[] = [];
  for (const { name, secret } of docs) {
    const file = secret ? (environment[`${name}_FILE`] ?? '') : '';
    const read = textOf(name, environment[name] ?? '', file);
    if ('problem' in read) unreadable.push([name, read.problem]);
    else if (read.text !== '') texts.set(name, read.text);
  }
  return { texts, unreadable };
}

type Read = { readonly text: string } | { readonly problem: string };

/** @param file - the path that the setting's own `_FILE` names; empty without one */
function textOf(name: string, direct: string, file: string): Read {
  if (direct.includes(REPLACEMENT)) return { problem: 'not UTF-8' };
  if (file === '') return { text: direct };
  if (direct !== '') return { problem: `set it or ${name}_FILE, not both` };
  const read = textOfFile(file);
  return 'problem' in read ? { problem: `${name}_FILE ${read.problem}` } : read;
}

function textOfFile(path: string): Read {
  try {
    if (statSync(path).size > FILE_MAX_BYTES) return { problem: 'names a file over 64 KiB' };
    const read = readUtf8(readFileSync(path));
    if ('text' in read) return { text: read.text.replace(/[\r\n]{1,4}$/, '') };
    return { problem: `names a file that is not UTF-8 (line ${read.line}, column ${read.column})` };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { problem: `names a file that cannot be read (${code})` };
  }
}

function missingCompanions(docs: readonly SettingDoc[], texts: Texts): readonly Problem[] {
  return docs
    .filter(({ name }) => texts.has(name))
    .flatMap(({ name, requires }) =>
      requires
        .filter((other) => !texts.has(other))
        .map((other): Problem => [other, `required with ${name}`]),
    );
}

function problemsOf(error: z.ZodError | undefined, texts: Texts): readonly Problem[] {
  return (error?.issues ?? []).map(({ path, message }): Problem => {
    const name = path.length === 0 ? 'settings' : String(path[0]);
    return [name, path.length === 0 || texts.has(name) ? message : 'required'];
  });
}
