import type { Stack } from '../../../tools/stack/stack.ts';
import { eventually } from '../../support/eventually.ts';
import type { Arena } from '../arena/arena.ts';
import { isPublishing } from '../arena/member.ts';

export interface RecoveryTarget {
  readonly stack: Stack;
  readonly arena: Arena;
}

/** A fault whose recovery time is measured. */
export interface RecoveryFault {
  readonly brokers: 1 | 3;
  /**
   * Injects the fault. Resolves after a restart of servers has finished. The returned function restores processes that
   * must not take part in the recovery.
   */
  inject(target: RecoveryTarget): Promise<(() => Promise<void>) | undefined>;
}

/** Every fault, by name. */
export const RECOVERY_FAULTS: Readonly<Record<string, RecoveryFault>> = {
  'PostgreSQL restarted': { brokers: 1, inject: ({ stack }) => restartDatabase(stack, 'fast') },
  'PostgreSQL crashed': { brokers: 1, inject: ({ stack }) => restartDatabase(stack, 'immediate') },
  'relay killed': {
    brokers: 1,
    inject: async ({ arena }) => {
      const topic = arena.topics.names.lifecycle;
      const active = arena.of('relay').find((member) => isPublishing(member, topic));
      if (active === undefined) throw new Error('no relay publishes');
      await active.process().end('SIGKILL');
      return () => active.restart();
    },
  },
  'reconciler killed': {
    brokers: 1,
    inject: async ({ arena }) => {
      const [first] = arena.of('reconciler');
      if (first === undefined) throw new Error('there is no reconciler');
      await first.process().end('SIGKILL');
      return async () => {
        await first.restart();
        const hasWork = (): boolean => first.process().output().includes('batch processed');
        await eventually('work of the new reconciler', hasWork, (yes) => yes);
      };
    },
  },
  'only broker restarted': { brokers: 1, inject: ({ stack }) => restartBroker(stack, 0) },
  'one of three brokers lost': {
    brokers: 3,
    inject: async ({ stack }) => {
      await stack.killBroker(1);
      return () => stack.startBroker(1);
    },
  },
  'one of three brokers restarted': {
    brokers: 3,
    inject: ({ stack }) => restartBroker(stack, 1),
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
