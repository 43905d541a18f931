import { fileURLToPath } from 'node:url';
import { copySources } from '../../support/source-copy.ts';
import type { Arm } from './arm.ts';
import { openServiceArm } from './services.ts';

/** What Latchkey is tried without, one at a time, to see what each costs. */
export const ABLATIONS = ['validation', 'claim', 'audit', 'outbox'] as const;
export type Ablation = (typeof ABLATIONS)[number];

/** Beside this folder; its first line says what it takes away. */
export function ablationPatchOf(left: Ablation): string {
  return fileURLToPath(new URL(`../ablations/without-${left}.patch`, import.meta.url));
}

/** Latchkey from a copy of the sources with one thing taken away. What it loses or doubles is not looked for. */
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
