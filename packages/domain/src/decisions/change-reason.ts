import { type ChangeKind, type ChangeReason } from '@latchkey/contracts';
import { type Fact, type FactKind } from '../record/fact.ts';

/** The facts that caused a change, and whether the person was blocked before and after. */
export interface Occasion {
  readonly facts: readonly Fact[];
  readonly blockedBefore: boolean;
  readonly blockedAfter: boolean;
}

/** Kinds of facts that explain a removal, the strongest first. */
const REMOVALS: readonly (readonly [FactKind, ChangeReason])[] = [
  ['left', 'leaver'],
  ['moved', 'mover'],
  ['suspended', 'mover'],
];

/** Kinds of facts that explain a grant, the strongest first. */
const GRANTS: readonly (readonly [FactKind, ChangeReason])[] = [
  ['joined', 'birthright'],
  ['moved', 'mover'],
  ['resumed', 'mover'],
];

/** Why facts bring a change about. What no kind of fact explains by itself is a correction. */
export function changeReason(kind: ChangeKind, occasion: Occasion): ChangeReason {
  const { facts, blockedBefore, blockedAfter } = occasion;
  if (kind === 'disable' && blockedAfter && !blockedBefore) return 'block';
  if (GIVING.has(kind) && blockedBefore && !blockedAfter) return 'release';
  const explanations = GIVING.has(kind) ? GRANTS : REMOVALS;
  const found = explanations.find(([fact]) => facts.some((known) => known.kind === fact));
  return found?.[1] ?? 'correction';
}

const GIVING: ReadonlySet<ChangeKind> = new Set(['create', 'enable', 'grant']);
