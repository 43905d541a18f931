import { fileURLToPath } from 'node:url';
import { copySources } from '../../support/source-copy.ts';
import type { Arm } from './arm.ts';
import { openServiceArm } from './services.ts';

/** Parts that are removed one at a time, to measure the cost of each. */
export const ABLATIONS = ['validation', 'claim', 'audit', 'outbox'] as const;
export type Ablation = (typeof ABLATIONS)[number];

/** Path of the patch. Its first line describes what it removes. */
export function ablationPatchOf(left: Ablation): string {
  return fileURLToPath(new URL(`../ablations/without-${left}.patch`, import.meta.url));
}

/** Latchkey from a copy of the sources with one part removed. Losses and duplicates are not checked. */
export function latchkeyWithout(left: Ablation): Arm {
  return {
    name: `C−${left}`,
    what: `Latchkey without ${left}`,
    isNumbered: true,
    open: async (system) => {
      await using stack = new AsyncDisposableStack();
      const { folder } = stack.use(await copySources(ablationPatchOf(left)));
      const open = stack.use(await openServiceArm(system, { root: `${folder}/` }));
      const owned = stack.move();
      return { ...open, [Symbol.asyncDispose]: () => owned.disposeAsync() };
    },
  };
}
