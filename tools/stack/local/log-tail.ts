import { readFile } from 'node:fs/promises';

const LINES = 15;

/** The last lines of a log file, as much as goes into an error. */
export async function logTail(file: string): Promise<string> {
  const log = await readFile(file, 'utf8').catch(() => '');
  return log.trimEnd().split('\n').slice(-LINES).join('\n');
}
