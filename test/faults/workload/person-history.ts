import type { SentEvent } from '../../support/events.ts';
import { type FactDraft, factEvent, MOMENTS, type Person, THEMES } from './facts.ts';
import type { Random } from './random.ts';

/** Facts after the first one. */
const FACTS_MAX_COUNT = 9;
const PAST_COUNT = 8;

/** Generates all facts about a person, in the source's order. */
export function generatePersonHistory(
  random: Random,
  person: Person,
  maxFacts = FACTS_MAX_COUNT,
): readonly SentEvent[] {
  const engagements = random.chance(0.2) ? 2 : 1;
  const kinds = random.pick(THEMES);
  const drawn = (): FactDraft => ({
    ...drawDraft(random, engagements),
    kind: random.pick(kinds),
  });
  const first: FactDraft = {
    ...drawn(),
    kind: random.chance(0.8) ? 'joined' : 'stated',
    at: random.below(PAST_COUNT),
  };
  const count = random.below(maxFacts);
  const more = Array.from({ length: count }, drawn);
  return [first, ...more].map((draft, index) => factEvent(person, index + 1, draft));
}

/** Generates one start in the past, without an end. */
export function generateJoinerHistory(random: Random, person: Person): readonly SentEvent[] {
  const at = random.below(PAST_COUNT);
  const detail = random.below(24);
  const draft = { kind: 'joined', engagement: 0, at, until: MOMENTS.length, detail } as const;
  return [factEvent(person, 1, draft)];
}

function drawDraft(random: Random, engagements: number): Omit<FactDraft, 'kind'> {
  return {
    engagement: random.below(engagements),
    at: random.below(MOMENTS.length),
    until: random.below(MOMENTS.length * 3),
    detail: random.below(120),
  };
}
