import type { Stack, StackOptions } from '../../../tools/stack/stack.ts';
import type { Arena, ArenaOptions } from '../arena/arena.ts';
import type { Load } from './load.ts';

/** Latchkey on separate servers, under load. */
export interface Scene {
  readonly stack: Stack;
  readonly arena: Arena;
  readonly load: Load;
  readonly print: (line: string) => void;
}

/** A scripted failure of servers, topics or sources, and the operator's response. */
export interface Disaster {
  /** Heading in docs/operations.md of the steps that repair it. */
  readonly section: string;
  readonly stack?: Pick<StackOptions, 'brokers' | 'brokerSettings'>;
  readonly arena?: (
    stack: Stack,
    owned: AsyncDisposableStack,
  ) => Promise<Pick<ArenaOptions, 'prepare'>>;
  /** True where the database loses published messages: fewer checks apply. */
  readonly forgets?: boolean;
  /**
   * Starts and ends with load that is processed. Resolves with the figures.
   *
   * @throws Error when a step exceeds its limit or an operator's command fails
   */
  run(scene: Scene): Promise<string>;
}

/** Elapsed seconds as text. */
export function formatSecondsSince(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
}
