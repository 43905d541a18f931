import { type EngagementKey } from './engagement.ts';
import { type Segment, type Timeline, withoutRepeats } from './timeline.ts';

/** What one engagement is at every moment. */
export interface EngagementTimeline extends EngagementKey {
  readonly timeline: Timeline;
}

/**
 * Engagements of one person, each extended, as it was at its end, up to the start of any of them that
 * follows within the tolerance. So a conversion over a weekend ends nothing.
 */
export function bridgeGaps(
  engagements: readonly EngagementTimeline[],
  toleranceMs: number,
): readonly EngagementTimeline[] {
  if (toleranceMs <= 0) return engagements;
  const startsMs = engagements
    .flatMap(({ timeline }) => timeline.filter(isStart).map(({ fromMs }) => fromMs))
    .sort((one, other) => one - other);
  return engagements.map(({ source, engagement, timeline }) => ({
    source,
    engagement,
    timeline: withoutRepeats(timeline.flatMap((...at) => bridged(...at, startsMs, toleranceMs))),
  }));
}

/** A segment that runs after one that does not. */
function isStart({ running }: Segment, at: number, timeline: Timeline): boolean {
  return running && timeline[at - 1]?.running !== true;
}

/** An end moves to the start that follows in time; at a start of the same engagement it falls away. */
function bridged(
  segment: Segment,
  at: number,
  timeline: Timeline,
  startsMs: readonly number[],
  toleranceMs: number,
): readonly Segment[] {
  if (segment.running) return [segment];
  const startMs = startsMs.find((atMs) => atMs > segment.fromMs);
  if (startMs === undefined || startMs - segment.fromMs > toleranceMs) return [segment];
  return timeline[at + 1]?.fromMs === startMs ? [] : [{ ...segment, fromMs: startMs }];
}
