import type { Attributes, BlockedData, Lifecycle } from '@latchkey/contracts';
import { type EngagementNow, readEngagement } from './engagement.ts';
import type { EngagementFact } from './periods.ts';

/** A switch of a source; without an incident it is one more. */
export interface BlockFact {
  readonly kind: 'blocked' | 'released';
  readonly order: bigint;
  readonly data: BlockedData;
}

/** A fact about one person, as its source sent it. */
export type PersonFact = { readonly eventId: string; readonly source: string } & (
  | BlockFact
  | EngagementFact
);

/**
 * What an account must be. `disabled`: if it was ever made. `gone`: disabled and empty, deleted, or never made.
 */
export interface ExpectedAccount {
  readonly state: 'enabled' | 'disabled' | 'gone';
  readonly entitlements: readonly string[];
}

export interface ExpectedPerson {
  readonly lifecycle: Lifecycle;
  readonly accounts: Readonly<Record<string, ExpectedAccount>>;
  /** Of every account that is not gone; `undefined` where more than one engagement could have said it. */
  readonly attributes: Attributes | undefined;
}

/** The rules of the example policy: what an engagement with these attributes gives, by target. */
const RULES: Readonly<Record<string, (attributes: Attributes) => readonly string[]>> = {
  directory: () => ['everyone'],
  mail: ({ employmentType }) => (employmentType === 'contractor' ? [] : ['mailbox']),
  finance: ({ department, jobTitle }) => {
    if (department !== 'Finance') return [];
    return jobTitle === 'Controller' ? ['ledger-post', 'ledger-read'] : ['ledger-read'];
  },
};

/**
 * Lifecycle, accounts and entitlements by the example policy, if these are all facts of one person.
 * `undefined`: an engagement can be read in too many ways, so that what is held depends on what was.
 */
export function expectedPerson(
  facts: readonly PersonFact[],
  nowMs: number,
): ExpectedPerson | undefined {
  const read = engagementsOf(facts).map((own) => readEngagement(own, nowMs));
  const engagements = read.filter((known) => known !== undefined);
  if (engagements.length < read.length) return undefined;
  const blocked = isBlocked(facts);
  const accounts = Object.entries(RULES).map(
    ([target, rule]) => [target, accountOf(rule, engagements, blocked)] as const,
  );
  return {
    lifecycle: lifecycleOf(engagements, blocked),
    accounts: Object.fromEntries(accounts),
    attributes: engagements.length === 1 ? commonIn(engagements[0]?.variants ?? []) : undefined,
  };
}

/** Rules see what runs with access and is not suspended; else what is suspended stays listed, disabled. */
function accountOf(
  rule: (attributes: Attributes) => readonly string[],
  engagements: readonly EngagementNow[],
  blocked: boolean,
): ExpectedAccount {
  const given = (wanted: boolean): readonly string[] => {
    const seen = engagements.filter(
      ({ hasAccess, isSuspended }) => hasAccess && isSuspended === wanted,
    );
    return [...new Set(seen.flatMap(({ variants }) => givenInEach(variants.map(rule))))].sort();
  };
  const [seen, paused] = [given(false), given(true)];
  if (seen.length > 0) return { state: blocked ? 'disabled' : 'enabled', entitlements: seen };
  return { state: paused.length > 0 ? 'disabled' : 'gone', entitlements: paused };
}

/** A reason holds only if it holds in every reading. */
function givenInEach(readings: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = readings;
  return first.filter((entitlement) => others.every((given) => given.includes(entitlement)));
}

/** What every reading says alike. */
function commonIn(variants: readonly Attributes[]): Attributes {
  const [first = {}, ...others] = variants;
  const same = Object.entries(first).filter(([name, value]) =>
    others.every((other) => other[name] === value),
  );
  return Object.fromEntries(same);
}

function engagementsOf(facts: readonly PersonFact[]): readonly (readonly EngagementFact[])[] {
  const own = facts.filter((fact): fact is Exclude<PersonFact, BlockFact> => !isBlockFact(fact));
  return [...Map.groupBy(own, ({ data }) => data.engagement).values()];
}

/** One switch for each source and incident; the newest fact decides, at equal order the block. */
function isBlocked(facts: readonly PersonFact[]): boolean {
  const switches = Map.groupBy(facts.filter(isBlockFact), ({ source, data }) =>
    JSON.stringify([source, data.incident]),
  );
  return [...switches.values()].some((turns) => {
    const newest = turns.reduce((high, { order }) => (order > high ? order : high), -1n);
    return turns.some(({ kind, order }) => order === newest && kind === 'blocked');
  });
}

function isBlockFact(fact: PersonFact): fact is Extract<PersonFact, BlockFact> {
  return fact.kind === 'blocked' || fact.kind === 'released';
}

function lifecycleOf(engagements: readonly EngagementNow[], blocked: boolean): Lifecycle {
  const running = engagements.filter(({ runs }) => runs);
  if (blocked) return 'suspended';
  if (running.some(({ hasAccess, isSuspended }) => hasAccess && !isSuspended)) return 'active';
  if (running.some(({ hasAccess }) => hasAccess)) return 'suspended';
  if (running.length > 0) return running.every((it) => it.isSuspended) ? 'suspended' : 'leaving';
  return engagements.some(({ isAhead }) => isAhead) ? 'pre_active' : 'inactive';
}
