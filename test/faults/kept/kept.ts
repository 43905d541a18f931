import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Results of passed cases in a file, so that an interrupted run resumes. A result is written as soon as
 * its case has passed. Failed cases are not stored and run again.
 */
export interface Kept {
  /** Number of this run with these sources; 1: no stored results. */
  readonly run: number;
  /** One part of the suite. Names of cases are unique within a part. */
  readonly part: (name: string) => KeptPart;
}

export interface KeptPart {
  /** Stored result of a case; undefined where it has not passed. */
  readonly recall: (name: string) => object | undefined;
  /** Stores a result as JSON. The name must include everything else that the result depends on, such as sizes. */
  readonly keep: (name: string, result: object) => Promise<void>;
  /** Adds the time since `part` or the last call to the duration of the part. */
  readonly spent: () => Promise<void>;
  /** Duration in all runs, in milliseconds, without the time after the last case of an interrupted run. */
  readonly tookMs: () => number;
}

type Line =
  | { readonly run: number }
  | { readonly part: string; readonly name: string; readonly result: object }
  | { readonly part: string; readonly spentMs: number };

/**
 * @param sources - digest of the sources; results for other sources are discarded
 * @param fresh - also discards the results for these sources
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
