import { readFile } from 'node:fs/promises';

/** What others rely on: each kind of it by name, with what must not change about it. */
export type Surface = Readonly<Record<string, Readonly<Record<string, string>>>>;

export const SURFACE_FILE = new URL('../../../docs/public-surface.json', import.meta.url);

export async function readSurface(): Promise<Surface> {
  return JSON.parse(await readFile(SURFACE_FILE, 'utf8')) as Surface;
}

/** One line each, as `kind: name: text`. */
export interface SurfaceDifference {
  /** On the list and gone: a breaking change. */
  readonly removed: readonly string[];
  /** A breaking change. */
  readonly changed: readonly string[];
  /** Not on the list yet. */
  readonly added: readonly string[];
}

/** How `found` differs from the committed list. */
export function compareSurfaces(listed: Surface, found: Surface): SurfaceDifference {
  const before = linesOf(listed);
  const after = linesOf(found);
  const entries = [...before];
  return {
    removed: entries.filter(([name]) => !after.has(name)).map(lineOf),
    changed: entries.flatMap(([name, text]) => {
      const now = after.get(name);
      return now === undefined || now === text ? [] : [`${name}: was ${text}, is ${now}`];
    }),
    added: [...after].filter(([name]) => !before.has(name)).map(lineOf),
  };
}

function linesOf(surface: Surface): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(surface).flatMap(([kind, entries]) =>
      Object.entries(entries).map(([name, text]) => [`${kind}: ${name}`, text] as const),
    ),
  );
}

function lineOf([name, text]: readonly [string, string]): string {
  return `${name}: ${text}`;
}
