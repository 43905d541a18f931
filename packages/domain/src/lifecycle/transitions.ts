import { type Lifecycle } from '@latchkey/contracts';
import { type EngagementTimeline } from '../record/bridge-gaps.ts';
import { type Segment } from '../record/timeline.ts';
import { lifecycleAt, type Situation } from './lifecycle.ts';

/** One change of a lifecycle. */
export interface Transition {
  readonly lifecycle: Lifecycle;
  /** `null`: the first one. */
  readonly previous: Lifecycle | null;
  readonly effectiveAtMs: number;
  /** Qualified ids of the events that it rests on. */
  readonly causes: readonly string[];
}

/** Every change that a situation brings after `afterMs`, up to and with `throughMs`, in effective order. */
export function transitionsBetween(
  situation: Situation,
  from: Lifecycle,
  afterMs: number,
  throughMs: number,
): readonly Transition[] {
  const transitions: Transition[] = [];
  let previous = from;
  for (const atMs of momentsOf(situation)) {
    if (atMs <= afterMs || atMs > throughMs) continue;
    const lifecycle = lifecycleAt(situation, atMs);
    if (lifecycle === previous) continue;
    const causes = causesBetween(situation.engagements, atMs - 1, atMs);
    transitions.push({ lifecycle, previous, effectiveAtMs: atMs, causes });
    previous = lifecycle;
  }
  return transitions;
}

/** Since when the record has had the lifecycle of `atMs`; `undefined`: always. */
export function lifecycleSince(situation: Situation, atMs: number): number | undefined {
  const lifecycle = lifecycleAt(situation, atMs);
  let sinceMs: number | undefined;
  for (const momentMs of momentsOf(situation).reverse()) {
    if (momentMs > atMs) continue;
    if (lifecycleAt(situation, momentMs) !== lifecycle) break;
    sinceMs = momentMs;
  }
  return sinceMs;
}

/** Events behind what began after `afterMs`, up to and with `throughMs`; sorted. */
export function causesBetween(
  engagements: readonly EngagementTimeline[],
  afterMs: number,
  throughMs: number,
): readonly string[] {
  const began = ({ fromMs }: Segment) => fromMs > afterMs && fromMs <= throughMs;
  const causes = engagements.flatMap(({ timeline }) =>
    timeline.filter(began).flatMap((segment) => segment.causes),
  );
  return [...new Set(causes)].sort();
}

/** Sorted; each once. */
function momentsOf({ engagements, accountsGoneMs }: Situation): number[] {
  const moments = engagements.flatMap(({ timeline }) => timeline.map(({ fromMs }) => fromMs));
  if (accountsGoneMs !== undefined) moments.push(accountsGoneMs);
  return [...new Set(moments)].sort((one, other) => one - other);
}
