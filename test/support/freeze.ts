import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Stack } from '../../tools/stack/stack.ts';

const PATTERNS = { database: /\/postgres\0-D\0/, broker: /\0kafka[.]Kafka\0/ } as const;

/**
 * Stops the processes of a local stack's database or brokers as SIGSTOP does: connections stay open, no answer comes.
 * Disposing continues them.
 */
export async function freeze(stack: Stack, server: keyof typeof PATTERNS): Promise<Disposable> {
  const mains = (stack.traces?.pids ?? []).filter((pid) =>
    PATTERNS[server].test(read(`/proc/${pid}/cmdline`)),
  );
  if (mains.length === 0) throw new Error(`the stack has no ${server} of its own`);
  const children = (await readdir('/proc'))
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => mains.includes(parentOf(pid)));
  // The postmaster first: if it continued it would accept new connections meanwhile.
  const pids = [...mains, ...children];
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  return {
    [Symbol.dispose]: () => {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    },
  };
}

function parentOf(pid: number): number {
  return Number(read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ')[1]);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}
