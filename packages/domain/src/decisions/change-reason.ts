import { type ChangeKind, type ChangeReason } from '@latchkey/contracts';
import { type Fact, type FactKind } from '../record/fact.ts';

/** The facts behind a change, and whether they turned the block of the person. */
export interface Occasion {
  readonly facts: readonly Fact[];
  readonly blockedBefore: boolean;
  readonly blockedAfter: boolean;
}

/** Kinds of facts that explain what is taken away, the strongest first. */
const TAKES_AWAY: readonly (readonly [FactKind, ChangeReason])[] = [
  ['left', 'leaver'],
  ['moved', 'mover'],
  ['suspended', 'mover'],
];

/** Kinds of facts that explain what is given, the strongest first. */
const GIVES: readonly (readonly [FactKind, ChangeReason])[] = [
  ['joined', 'birthright'],
  ['moved', 'mover'],
  ['resumed', 'mover'],
];

/** Why facts bring a change about. What no kind of fact explains by itself is a correction. */
export function changeReason(kind: ChangeKind, occasion: Occasion): ChangeReason {
  const { facts, blockedBefore, blockedAfter } = occasion;
  if (kind === 'disable' && blockedAfter && !blockedBefore) return 'block';
  if (GIVING.has(kind) && blockedBefore && !blockedAfter) return 'release';
  const explanations = GIVING.has(kind) ? GIVES : TAKES_AWAY;
  const found = explanations.find(([fact]) => facts.some((known) => known.kind === fact));
  return found?.[1] ?? 'correction';
}

const GIVING: ReadonlySet<ChangeKind> = new Set(['create', 'enable', 'grant']);
