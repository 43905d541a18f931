import { type KnownAttributes, type KnownValue } from '../policy/attribute.ts';
import { type Policy } from '../policy/policy.ts';
import { type EngagementTimeline } from '../record/bridge-gaps.ts';
import { type EngagementKey } from '../record/engagement.ts';
import { type Segment, segmentAt, type Timeline } from '../record/timeline.ts';
import { compareText } from './reason.ts';

/** An engagement that runs. */
export interface RunningEngagement extends EngagementKey {
  /** Attributes in force, one for each reading of the record; none: they are unknown. */
  readonly variants: readonly KnownAttributes[];
}

/** The engagements that run at one moment. */
export interface RunningEngagements {
  /** Engagements that run with access and are not suspended: rules see them. */
  readonly seen: readonly RunningEngagement[];
  /** Engagements that run with access and are suspended. */
  readonly paused: readonly RunningEngagement[];
  /** Declared attributes that are known: those of every account. */
  readonly attributes: KnownAttributes;
}

interface Placed extends EngagementKey {
  readonly segment: Segment;
  /** Since when it has been running. */
  readonly sinceMs: number;
}

/**
 * Finds the engagements that run at a moment, and the attributes that accounts show.
 *
 * Where several engagements count, the one that has been running longest comes first, then source and key decide; of
 * each attribute the first that knows it gives the value, so that a second job changes nothing of the first. What is of
 * scope `person` is the same in all of them. Accounts show the engagements that rules see; else those suspended; else
 * any that run; else what was known last of the one that ended last, so that a leaver's accounts stay as they were.
 */
export function findRunningEngagements(
  engagements: readonly EngagementTimeline[],
  policy: Policy,
  atMs: number,
): RunningEngagements {
  const running = placedAt(engagements, atMs);
  const withAccess = running.filter(({ segment }) => segment.access);
  const seen = withAccess.filter(({ segment }) => !segment.suspended);
  const paused = withAccess.filter(({ segment }) => segment.suspended);
  const shown =
    [seen, paused, running].find((group) => group.length > 0) ?? lastEnded(engagements, atMs);
  const personal = running.length > 1 ? personAttributes([...seen, ...paused], policy) : undefined;
  return {
    seen: seen.map((placed) => runningEngagementOf(placed, personal)),
    paused: paused.map((placed) => runningEngagementOf(placed, personal)),
    attributes: firstKnown(shown, policy.attributes),
  };
}

function runningEngagementOf(
  placed: Placed,
  personal: KnownAttributes | undefined,
): RunningEngagement {
  const { source, engagement, segment } = placed;
  const { variants } = segment;
  return {
    source,
    engagement,
    variants:
      personal === undefined ? variants : variants.map((variant) => ({ ...variant, ...personal })),
  };
}

function placedAt(engagements: readonly EngagementTimeline[], atMs: number): readonly Placed[] {
  const placed: Placed[] = [];
  for (const { source, engagement, timeline } of engagements) {
    const segment = segmentAt(timeline, atMs);
    if (segment?.running !== true) continue;
    placed.push({ source, engagement, segment, sinceMs: startOf(timeline, segment) });
  }
  return placed.length > 1 ? placed.sort(comparePlaced) : placed;
}

function comparePlaced(one: Placed, other: Placed): number {
  return one.sinceMs - other.sinceMs || compareKeys(one, other);
}

function compareKeys(one: EngagementKey, other: EngagementKey): number {
  return compareText(one.source, other.source) || compareText(one.engagement, other.engagement);
}

/** Since when the engagement of `segment` has been running without a gap. */
function startOf(timeline: Timeline, segment: Segment): number {
  let at = timeline.indexOf(segment);
  while (timeline[at - 1]?.running === true) at -= 1;
  return timeline[at]?.fromMs ?? segment.fromMs;
}

/** The engagement that ended last, as it was when it ended. */
function lastEnded(engagements: readonly EngagementTimeline[], atMs: number): readonly Placed[] {
  const ended = engagements.flatMap(({ source, engagement, timeline }): readonly Placed[] => {
    const end = timeline.findLastIndex(({ fromMs, running }) => !running && fromMs <= atMs);
    const segment = timeline[end - 1];
    const endMs = timeline[end]?.fromMs;
    if (segment === undefined || endMs === undefined) return [];
    return [{ source, engagement, segment, sinceMs: endMs }];
  });
  return ended
    .sort((one, other) => other.sinceMs - one.sinceMs || compareKeys(one, other))
    .slice(0, 1);
}

function personAttributes(placed: readonly Placed[], policy: Policy): KnownAttributes {
  return firstKnown(
    placed,
    policy.attributes.filter(({ scope }) => scope === 'person'),
  );
}

/** The value of each name in the first engagement that knows it. */
function firstKnown(
  placed: readonly Placed[],
  declared: readonly { readonly name: string }[],
): KnownAttributes {
  const known: Record<string, KnownValue> = {};
  for (const { name } of declared) {
    for (const { segment } of placed) {
      const value = certainValue(segment.variants, name);
      if (value === undefined) continue;
      known[name] = value;
      break;
    }
  }
  return known;
}

/** The value that every reading of the record gives; `undefined` if there is none. */
function certainValue(variants: readonly KnownAttributes[], name: string): KnownValue | undefined {
  const value = variants[0]?.[name] ?? undefined;
  for (let at = 1; at < variants.length; at += 1) {
    if (variants[at]?.[name] !== value) return undefined;
  }
  return value;
}
