import type { Stack } from '../../../tools/stack/stack.ts';
import { eventually } from '../../support/eventually.ts';
import type { Arena } from '../arena/arena.ts';
import { publishes } from '../arena/member.ts';

export interface Field {
  readonly stack: Stack;
  readonly arena: Arena;
}

/** Harm whose recovery is measured. */
export interface RecoveryFault {
  readonly brokers: 1 | 3;
  /** Resolves when whatever restarts servers has done so; what it returns puts back what must not help. */
  strike(field: Field): Promise<(() => Promise<void>) | undefined>;
}

/** Every fault, by name. */
export const RECOVERY_FAULTS: Readonly<Record<string, RecoveryFault>> = {
  'PostgreSQL restarted': { brokers: 1, strike: ({ stack }) => restartDatabase(stack, 'fast') },
  'PostgreSQL crashed': { brokers: 1, strike: ({ stack }) => restartDatabase(stack, 'immediate') },
  'relay killed': {
    brokers: 1,
    strike: async ({ arena }) => {
      const topic = arena.topics.names.lifecycle;
      const active = arena.of('relay').find((member) => publishes(member, topic));
      if (active === undefined) throw new Error('no relay publishes');
      await active.process().end('SIGKILL');
      return () => active.restart();
    },
  },
  'reconciler killed': {
    brokers: 1,
    strike: async ({ arena }) => {
      const [first] = arena.of('reconciler');
      if (first === undefined) throw new Error('there is no reconciler');
      await first.process().end('SIGKILL');
      return async () => {
        await first.restart();
        const said = (): boolean => first.process().output().includes('batch taken');
        await eventually('the new reconciler has work', said, (seen) => seen);
      };
    },
  },
  'only broker restarted': { brokers: 1, strike: ({ stack }) => restartBroker(stack, 0) },
  'one of three brokers lost': {
    brokers: 3,
    strike: async ({ stack }) => {
      await stack.killBroker(1);
      return () => stack.startBroker(1);
    },
  },
  'one of three brokers restarted': {
    brokers: 3,
    strike: ({ stack }) => restartBroker(stack, 1),
  },
};

async function restartDatabase(stack: Stack, mode: 'fast' | 'immediate'): Promise<undefined> {
  await stack.stopDatabase(mode);
  await stack.startDatabase();
}

async function restartBroker(stack: Stack, index: number): Promise<undefined> {
  await stack.killBroker(index);
  await stack.startBroker(index);
}
