import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { openStack } from '../../tools/stack/open-stack.ts';
import type { Stack } from '../../tools/stack/stack.ts';
import { makeBundles } from './bundles.ts';
import { dropTestDatabases } from './drop-test-databases.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's URL; tests create databases with createTestDatabase. */
    databaseUrl: string;
    brokers: readonly string[];
    /** Different in each run; part of the names of what a run creates on servers that it did not start. */
    runId: string;
  }
}

interface Run {
  readonly id: string;
  readonly stack: Promise<Stack>;
  readonly bundles: Promise<void>;
  users: number;
}

// Vitest loads this module once for each project that names it; they share one stack.
const shared = globalThis as { latchkeyTestRun?: Run | undefined };

/** Opens the stack of this run and makes the bundles, once, and gives the tests its addresses. */
export async function setup(project: TestProject): Promise<void> {
  shared.latchkeyTestRun ??= {
    id: randomBytes(4).toString('hex'),
    stack: openStack({ log }),
    bundles: makeBundles(),
    users: 0,
  };
  const run = shared.latchkeyTestRun;
  run.users += 1;
  const [stack] = await Promise.all([run.stack, run.bundles]);
  project.provide('databaseUrl', stack.databaseUrl);
  project.provide('brokers', stack.brokers);
  project.provide('runId', run.id);
}

export async function teardown(): Promise<void> {
  const run = shared.latchkeyTestRun;
  if (run === undefined) return;
  run.users -= 1;
  if (run.users > 0) return;
  shared.latchkeyTestRun = undefined;
  await using stack = await run.stack;
  // Every other stack goes with all that is in it.
  if (stack.kind === 'environment') await dropTestDatabases(stack.databaseUrl, run.id);
}

function log(line: string): void {
  process.stderr.write(`stack: ${line}\n`);
}
