/**
 * Words that have no rightful use in this code base, and what to write in their place. The glossary says
 * what words mean; this list only keeps out what creeps in again.
 */
export interface Banned {
  readonly pattern: RegExp;
  readonly instead: string;
}

const ACTOR = 'name the actor: another process, an operator, the caller, a consumer';

/** In comments, names of tests and docs. */
const IN_PROSE: readonly Banned[] = [
  banned('whoever|whomever', ACTOR),
  banned('(?:some|no|any)body', ACTOR),
  banned('whatever', 'name the thing, or “any”'),
  banned('wherever', '“in every place where”, or name the places'),
  banned('mend(?:s|ed|ing)?', 'repair'),
  banned('anew|afresh', 'again'),
  banned('what (?:became|becomes) of', 'outcome of, disposition of'),
  banned('put(?:s|ting)? right', 'correct'),
  banned('c[oa]mes? to light', 'is found'),
];

/** Any word of a declared name. */
const IN_NAMES: readonly Banned[] = [
  banned('whoever|somebody|nobody|anybody|whatever|wherever', ACTOR),
  banned('mend(?:s|ed|ing)?', 'repair'),
  banned('anew|afresh', 'again'),
  banned('hold(?:s|er|ers|ing)?|held', 'locked, leased, owned, or has; “held” is a reason'),
];

/** The first word of a declared function, type or constant. */
const AT_THE_BEGINNING: readonly Banned[] = [
  banned(
    'tak(?:e|es|en|ing)',
    'process, claim, read, apply or accept; BatchOutcome, ReportOutcome',
  ),
];

/** Public names, and `held` as governing has it. */
const ALLOWED_NAMES: ReadonlySet<string> = new Set([
  'held',
  'takenAt',
  'takenAtMs',
  'taken_at',
  'mending_after',
  'mendingAfter',
  'RELAY_HOLDS_TOPIC',
]);

export interface Finding {
  readonly found: string;
  readonly instead: string;
}

/** Banned words of a text, but for code between backticks. */
export function findInProse(text: string): readonly Finding[] {
  const prose = text.replaceAll(/```.*?```|`[^`]*`/gs, '');
  return IN_PROSE.flatMap(({ pattern, instead }) =>
    [...prose.matchAll(new RegExp(`\\b(?:${pattern.source})\\b`, 'gi'))].map(([found]) => ({
      found,
      instead,
    })),
  );
}

/** Banned words of a declared name in camel, snake or kebab case. */
export function findInName(name: string): readonly Finding[] {
  if (ALLOWED_NAMES.has(name)) return [];
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
  return [
    ...words.flatMap((word) => findWord(word, IN_NAMES)),
    ...words.slice(0, 1).flatMap((word) => findWord(word, AT_THE_BEGINNING)),
  ];
}

function findWord(word: string, list: readonly Banned[]): readonly Finding[] {
  return list
    .filter(({ pattern }) => new RegExp(`^(?:${pattern.source})$`).test(word))
    .map(({ instead }) => ({ found: word, instead }));
}

function banned(source: string, instead: string): Banned {
  return { pattern: new RegExp(source), instead };
}
