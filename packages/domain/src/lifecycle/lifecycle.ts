import { type Lifecycle } from '@latchkey/contracts';
import { type EngagementTimeline } from '../record/bridge-gaps.ts';
import { type Segment, segmentAt } from '../record/timeline.ts';

/** What the lifecycle of an identity is derived from. */
export interface Situation {
  /** Of all engagements, gaps bridged. */
  readonly engagements: readonly EngagementTimeline[];
  readonly blocked: boolean;
  /** When every account is deleted; `undefined`: not foreseen, or there never was one. */
  readonly accountsGoneMs: number | undefined;
}

/** The lifecycle at a moment. Derived, not moved along edges: any state can follow any other. */
export function lifecycleAt(situation: Situation, atMs: number): Lifecycle {
  if (situation.blocked) return 'suspended';
  const running = runningAt(situation, atMs);
  if (running.length === 0) return lifecycleWithoutEmployment(situation, atMs);
  if (running.some(({ access, suspended }) => access && !suspended)) return 'active';
  const onlySuspended = running.every(({ suspended }) => suspended);
  return onlySuspended || running.some(({ access }) => access) ? 'suspended' : 'leaving';
}

function runningAt({ engagements }: Situation, atMs: number): readonly Segment[] {
  const running: Segment[] = [];
  for (const { timeline } of engagements) {
    const segment = segmentAt(timeline, atMs);
    if (segment?.running === true) running.push(segment);
  }
  return running;
}

function lifecycleWithoutEmployment(situation: Situation, atMs: number): Lifecycle {
  const startsLater = situation.engagements.some(({ timeline }) =>
    timeline.some(({ fromMs, running }) => running && fromMs > atMs),
  );
  if (startsLater) return 'pre_active';
  const { accountsGoneMs } = situation;
  return accountsGoneMs !== undefined && accountsGoneMs <= atMs ? 'archived' : 'inactive';
}
