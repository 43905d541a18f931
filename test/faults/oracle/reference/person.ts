import type { Attributes, BlockedData, Lifecycle } from '@latchkey/contracts';
import { type EngagementFact, type EngagementNow, readEngagement } from './engagement.ts';

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

/** What an account must be; `gone` is disabled and empty, deleted, or never made. */
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

/** Lifecycle, accounts and entitlements by the example policy, if these are all facts of one person. */
export function expectedPerson(facts: readonly PersonFact[], nowMs: number): ExpectedPerson {
  const engagements = engagementsOf(facts).map((own) => readEngagement(own, nowMs));
  const lifecycle = lifecycleOf(engagements, isBlocked(facts));
  const visible = visibleTo(lifecycle, engagements);
  const accounts = Object.entries(RULES).map(([target, rule]) => {
    const entitlements = [...new Set(visible.flatMap(({ attributes }) => rule(attributes)))].sort();
    if (entitlements.length === 0) return [target, { state: 'gone', entitlements }] as const;
    const state = lifecycle === 'active' ? 'enabled' : 'disabled';
    return [target, { state, entitlements }] as const;
  });
  return {
    lifecycle,
    accounts: Object.fromEntries(accounts),
    attributes: engagements.length === 1 ? visible[0]?.attributes : undefined,
  };
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
  const has = (wanted: EngagementNow['state']): boolean =>
    engagements.some(({ state }) => state === wanted);
  if (has('running')) return blocked ? 'suspended' : 'active';
  if (has('suspended')) return 'suspended';
  if (has('access_over')) return 'leaving';
  return has('ahead') ? 'pre_active' : 'inactive';
}

/** Whose rules count. While everything is suspended, what it gave stays listed. */
function visibleTo(
  lifecycle: Lifecycle,
  engagements: readonly EngagementNow[],
): readonly EngagementNow[] {
  const running = engagements.filter(({ state }) => state === 'running');
  if (lifecycle !== 'suspended' || running.length > 0) return running;
  return engagements.filter(({ state }) => state === 'suspended');
}
