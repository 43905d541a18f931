import type { Attributes, BlockedData, Lifecycle } from '@latchkey/contracts';
import { type EngagementNow, readEngagement } from './engagement.ts';
import type { EngagementFact } from './periods.ts';

/** A block or release by a source. Blocks without an incident share one switch. */
export interface BlockFact {
  readonly kind: 'blocked' | 'released';
  readonly order: bigint;
  readonly data: BlockedData;
}

/** A fact about one person as sent by its source. */
export type PersonFact = { readonly eventId: string; readonly source: string } & (
  | BlockFact
  | EngagementFact
);

/**
 * Expected state of an account. `disabled`: disabled, or never created. `gone`: disabled and empty, deleted, or
 * never created.
 */
export interface ExpectedAccount {
  readonly state: 'enabled' | 'disabled' | 'gone';
  readonly entitlements: readonly string[];
}

export interface ExpectedPerson {
  readonly lifecycle: Lifecycle;
  readonly accounts: Readonly<Record<string, ExpectedAccount>>;
  /** Attributes of every account that is not gone; `undefined` if several engagements could provide them. */
  readonly attributes: Attributes | undefined;
}

/** Rules of the example policy: entitlements of an engagement, by target. */
const RULES: Readonly<Record<string, (attributes: Attributes) => readonly string[]>> = {
  directory: () => ['everyone'],
  mail: ({ employmentType }) => (employmentType === 'contractor' ? [] : ['mailbox']),
  finance: ({ department, jobTitle }) => {
    if (department !== 'Finance') return [];
    return jobTitle === 'Controller' ? ['ledger-post', 'ledger-read'] : ['ledger-read'];
  },
};

/**
 * Derives lifecycle, accounts and entitlements by the example policy from all facts of one person.
 * `undefined`: an engagement has too many readings, and the state depends on the order of arrival.
 */
export function derivePerson(
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

/** Rules apply to engagements with access that are not suspended. Without any, suspended ones give a disabled account. */
function accountOf(
  rule: (attributes: Attributes) => readonly string[],
  engagements: readonly EngagementNow[],
  blocked: boolean,
): ExpectedAccount {
  const given = (wanted: boolean): readonly string[] => {
    const active = engagements.filter(
      ({ hasAccess, isSuspended }) => hasAccess && isSuspended === wanted,
    );
    return [...new Set(active.flatMap(({ variants }) => intersect(variants.map(rule))))].sort();
  };
  const [active, paused] = [given(false), given(true)];
  if (active.length > 0) return { state: blocked ? 'disabled' : 'enabled', entitlements: active };
  return { state: paused.length > 0 ? 'disabled' : 'gone', entitlements: paused };
}

/** A reason counts only if it is in every reading. */
function intersect(readings: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = readings;
  return first.filter((entitlement) => others.every((given) => given.includes(entitlement)));
}

/** Attributes that are equal in every reading. */
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

/** One switch per source and incident; the newest fact decides, at equal order the block. */
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
