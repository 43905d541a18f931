import { randomBytes } from 'node:crypto';
import { openStack } from '../../tools/stack/open-stack.ts';
import type { Stack } from '../../tools/stack/stack.ts';
import { dropTestDatabases } from '../support/drop-test-databases.ts';
import type { Servers } from './system.ts';

/** Does the work on a stack of its own, or on that of the environment, and removes what it has created there. */
export async function onServers<T>(
  print: (line: string) => void,
  work: (servers: Servers, kind: Stack['kind']) => Promise<T>,
): Promise<T> {
  await using stack = await openStack({ log: print, isForMeasuring: true });
  const { databaseUrl, brokers, kind } = stack;
  const runId = randomBytes(4).toString('hex');
  try {
    return await work({ databaseUrl, brokers, runId, pids: stack.traces?.pids ?? [] }, kind);
  } finally {
    // Every other stack goes with all that is in it.
    if (kind === 'environment') await dropTestDatabases(databaseUrl, runId);
  }
}
