import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * What has passed with these sources, in a file, so that a run that was interrupted goes on where it
 * was: every case that has passed is written when it has. A case that failed is not kept, so that it
 * is tried again.
 */
export interface Kept {
  /** This run's number among those with these sources; 1: nothing is known. */
  readonly run: number;
  /** One part of the suite; its cases have names of their own. */
  readonly part: (name: string) => KeptPart;
}

export interface KeptPart {
  /** What was kept of a case; undefined where it has not passed. */
  readonly recall: (name: string) => object | undefined;
  /** JSON; the name says everything that the result depends on beside the sources, such as sizes. */
  readonly keep: (name: string, result: object) => Promise<void>;
  /** Adds the time since the part was opened, or since this was said last, to what it took. */
  readonly spent: () => Promise<void>;
  /** In all runs, in milliseconds. What a run spent behind its last case before it was interrupted is not in it. */
  readonly tookMs: () => number;
}

type Line =
  | { readonly run: number }
  | { readonly part: string; readonly name: string; readonly result: object }
  | { readonly part: string; readonly spentMs: number };

/**
 * @param sources - the digest of the sources; what was kept for others is given up
 * @param fresh - gives up what was kept for these, too
 */
export async function openKept(file: string, sources: string, fresh: boolean): Promise<Kept> {
  const [head = '', ...lines] = fresh ? [] : await readLines(file);
  const results = new Map<string, object>();
  const spent = new Map<string, number>();
  let run = 1;
  const remember = (line: Line): void => {
    if ('run' in line) run = line.run + 1;
    else if ('name' in line) results.set(idOf(line.part, line.name), line.result);
    else spent.set(line.part, (spent.get(line.part) ?? 0) + line.spentMs);
  };
  if (head === JSON.stringify({ sources })) {
    for (const line of lines) remember(JSON.parse(line) as Line);
  } else {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify({ sources })}\n`);
  }
  const thisRun = run;
  const write = async (line: Line): Promise<void> => {
    remember(line);
    await appendFile(file, `${JSON.stringify(line)}\n`);
  };
  await write({ run: thisRun });
  const part = (name: string): KeptPart => {
    let sinceMs = performance.now();
    const spend = async (): Promise<void> => {
      const nowMs = performance.now();
      const spentMs = Math.round(nowMs - sinceMs);
      sinceMs = nowMs;
      await write({ part: name, spentMs });
    };
    return {
      recall: (one) => results.get(idOf(name, one)),
      keep: async (one, result) => {
        await write({ part: name, name: one, result });
        await spend();
      },
      spent: spend,
      tookMs: () => spent.get(name) ?? 0,
    };
  };
  return { run: thisRun, part };
}

function idOf(part: string, name: string): string {
  return `${part}\n${name}`;
}

async function readLines(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  // The last line of a run that was killed may be half a line.
  return text.split('\n').slice(0, -1);
}
