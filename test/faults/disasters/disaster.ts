import type { Stack, StackOptions } from '../../../tools/stack/stack.ts';
import type { Arena, ArenaOptions } from '../arena/arena.ts';
import type { Load } from './load.ts';

/** Where a disaster takes place: Latchkey on servers of its own, under load. */
export interface Scene {
  readonly stack: Stack;
  readonly arena: Arena;
  readonly load: Load;
  readonly print: (line: string) => void;
}

/** What happens to servers, topics or sources, and what operators do then. */
export interface Disaster {
  /** The heading in docs/operations.md under which it says what to do. */
  readonly section: string;
  readonly stack?: Pick<StackOptions, 'brokers' | 'brokerSettings'>;
  readonly arena?: (
    stack: Stack,
    owned: AsyncDisposableStack,
  ) => Promise<Pick<ArenaOptions, 'prepare'>>;
  /** True where the database forgets what it has published: then less can still hold. */
  readonly forgets?: boolean;
  /**
   * Begins and ends with load that comes through. Resolves with the figures.
   *
   * @throws Error where something took too long, or an operator's command failed
   */
  play(scene: Scene): Promise<string>;
}

/** How long something took, in words. */
export function secondsSince(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
}
