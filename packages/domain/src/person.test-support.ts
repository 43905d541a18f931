import { readFileSync } from 'node:fs';
import { type Attributes, identityIdOf } from '@latchkey/contracts';
import { type AccountChange } from './decisions/account-change.ts';
import { type Decision } from './decisions/decision.ts';
import { type DisabledAccess, disableUndecided } from './decisions/disable-undecided.ts';
import { type Review } from './decisions/reviews.ts';
import { type CurrentAccount } from './desired/account.ts';
import { publishedReasons } from './desired/reason.ts';
import { type EngagementRow } from './lifecycle/engagement-row.ts';
import { EXAMPLE_POLICY_URL, loadPolicy } from './policy/load-policy.ts';
import { type Policy } from './policy/policy.ts';
import {
  type CurrentIdentity,
  type FactOutcome,
  type LifecycleChange,
  type Reconciled,
  reconcile,
} from './reconcile.ts';
import { type KnownRecord, knownRecordOf } from './record/checkpoint/known-record.ts';
import { type Fact, type FactKind } from './record/fact.ts';

const EXAMPLE_TEXT = readFileSync(EXAMPLE_POLICY_URL, 'utf8');

export const EXAMPLE_POLICY: Policy = loadPolicy(EXAMPLE_TEXT);

/** The example policy with conditions that are never unknown. */
export const CERTAIN_POLICY: Policy = loadPolicy(
  EXAMPLE_TEXT.replaceAll(/when: (\w+) (.*)$/gmu, 'when: has($1) && ($1 $2)').replaceAll(
    'jobTitle ==',
    'has(jobTitle) && jobTitle ==',
  ),
);

export const HR = 'urn:example:hr';
export const CONTRACTORS = 'urn:example:contractors';
export const SECURITY = 'urn:example:security';

export const SECOND_MS = 1_000;
export const HOUR_MS = 3_600 * SECOND_MS;
export const DAY_MS = 24 * HOUR_MS;

/** The present moment of the tests. */
export const NOW_MS = Date.parse('2026-06-10T12:00:00Z');

/** A moment relative to `NOW_MS`. */
export function at(offsetMs: number): string {
  return new Date(NOW_MS + offsetMs).toISOString();
}

export function daysAgo(days: number): string {
  return at(-days * DAY_MS);
}

export function inDays(days: number): string {
  return at(days * DAY_MS);
}

/** The default attributes of an employee's engagement. */
export const EMPLOYEE: Attributes = { employmentType: 'employee', department: 'Engineering' };

type DataOf<K extends FactKind> = Extract<Fact, { kind: K }>['data'];
type PartialData<K extends FactKind> = Omit<DataOf<K>, 'engagement'> & { engagement?: string };

/** A fact of `source` at its place in the source's order; its engagement is `E1` by default. */
export function fact<K extends FactKind>(
  kind: K,
  order: number,
  data: PartialData<K>,
  { source = HR, id }: { source?: string; id?: string } = {},
): Fact {
  const isBlock = kind === 'blocked' || kind === 'released';
  const engagement = isBlock ? undefined : (data.engagement ?? 'E1');
  return {
    eventId: `${source}#${id ?? `${kind}-${String(order)}-${engagement ?? 'person'}`}`,
    source,
    kind,
    engagement,
    order: BigInt(order),
    data: isBlock ? data : { ...data, engagement },
  } as unknown as Fact;
}

export function joined(
  order: number,
  startsAt: DataOf<'joined'>['startsAt'],
  attributes: Attributes = EMPLOYEE,
  more: Partial<PartialData<'joined'>> & { source?: string } = {},
): Fact {
  const { source = HR, ...data } = more;
  return fact('joined', order, { startsAt, attributes, ...data }, { source });
}

export function moved(
  order: number,
  effectiveAt: string,
  attributes: Attributes,
  more: Partial<PartialData<'moved'>> = {},
): Fact {
  return fact('moved', order, { effectiveAt, attributes, ...more });
}

export function left(
  order: number,
  endsAt: DataOf<'left'>['endsAt'],
  more: Partial<PartialData<'left'>> & { source?: string } = {},
): Fact {
  const { source = HR, ...data } = more;
  return fact('left', order, { endsAt, ...data }, { source });
}

/** What consumers see of an account. */
export interface PublishedAccount {
  readonly state: CurrentAccount['state'];
  readonly attributes: CurrentAccount['attributes'];
  /** Entitlements with the rules that give them. */
  readonly entitlements: Readonly<Record<string, readonly string[]>>;
}

/** One person with what was stored and published, as the database and the topics would hold it. */
export class Person {
  readonly lifecycles: LifecycleChange[] = [];
  readonly messages: AccountChange[] = [];
  /** Those that are open. */
  readonly reviews = new Map<string, Review>();
  readonly engagements = new Map<string, EngagementRow>();
  readonly clockDecisions: Decision[] = [];
  facts: readonly Fact[] = [];
  identity: CurrentIdentity;
  nextTransitionAtMs: number | undefined;
  readonly #policy: Policy;
  #anew = false;

  constructor(policy: Policy = EXAMPLE_POLICY) {
    this.#policy = policy;
    this.identity = {
      identityId: identityIdOf(HR, 'p1'),
      source: HR,
      externalId: 'p1',
      lifecycle: undefined,
      generation: 0n,
      derivedAtMs: undefined,
      accounts: [],
    };
  }

  /** Processes facts as one batch; those whose event id was processed before are duplicates and have no outcome. */
  process(facts: readonly Fact[], nowMs = NOW_MS): readonly FactOutcome[] {
    const known = new Set(this.facts.map(({ eventId }) => eventId));
    const arriving: Fact[] = [];
    for (const arrived of facts) {
      if (known.has(arrived.eventId)) continue;
      known.add(arrived.eventId);
      arriving.push(arrived);
    }
    if (arriving.length === 0) return [];
    return this.#reconcile(arriving, nowMs).outcomes;
  }

  /** Facts arrive, and the decision about them fails. */
  fail(arriving: readonly Fact[], nowMs = NOW_MS): DisabledAccess {
    const { identity } = this;
    const cut = disableUndecided({ identity, arriving, policy: this.#policy, nowMs, epoch: 0 });
    this.facts = [...this.facts, ...arriving];
    this.#anew = true;
    this.identity = {
      ...identity,
      lifecycle: cut.lifecycle?.lifecycle ?? identity.lifecycle,
      generation: cut.lifecycle?.generation ?? identity.generation,
      derivedAtMs: identity.derivedAtMs ?? (cut.lifecycle && nowMs),
      accounts: identity.accounts.map(
        (account) =>
          cut.accounts.find(({ after }) => after.accountId === account.accountId)?.after ?? account,
      ),
    };
    if (cut.lifecycle !== undefined) this.lifecycles.push(cut.lifecycle);
    this.messages.push(...cut.accounts);
    return cut;
  }

  /** Lets the clock decide at a moment. */
  wait(nowMs: number): Reconciled {
    return this.#reconcile([], nowMs);
  }

  get lifecycle(): string | undefined {
    return this.identity.lifecycle;
  }

  /** What is published, by target. */
  get accounts(): Readonly<Record<string, PublishedAccount>> {
    return Object.fromEntries(
      this.identity.accounts.map(({ target, state, attributes, entitlements }) => {
        const rules = entitlements.map(({ name, reasons }) => [
          name,
          publishedReasons(reasons).map(({ rule }) => rule),
        ]);
        const held = Object.fromEntries(rules) as PublishedAccount['entitlements'];
        return [target, { state, attributes, entitlements: held }];
      }),
    );
  }

  /** States of the accounts that are or were there, by target. */
  get states(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.identity.accounts.map(({ target, state }) => [target, state]));
  }

  /** What is known when facts arrive. */
  protected read: (arriving: readonly Fact[], policy: Policy) => KnownRecord = (_, policy) =>
    knownRecordOf(this.facts, policy);

  /** Stores what `read` needs beside the facts. */
  protected store: (arriving: readonly Fact[], reconciled: Reconciled) => void = () => undefined;

  #reconcile(arriving: readonly Fact[], nowMs: number): Reconciled {
    const { identity, facts } = this;
    const reconciled = reconcile({
      identity,
      known: this.read(arriving, this.#policy),
      arriving,
      anew: this.#anew,
      policy: this.#policy,
      nowMs,
      epoch: 0,
    });
    this.facts = [...facts, ...arriving];
    this.store(arriving, reconciled);
    this.#anew = false;
    const saved = new Map(identity.accounts.map((account) => [account.target, account]));
    for (const { after } of reconciled.accounts) saved.set(after.target, after);
    for (const account of reconciled.quietAccounts) saved.set(account.target, account);
    this.identity = {
      ...identity,
      lifecycle: reconciled.next.lifecycle,
      generation: reconciled.next.generation,
      derivedAtMs: nowMs,
      accounts: [...saved.values()],
    };
    this.nextTransitionAtMs = reconciled.next.nextTransitionAtMs;
    this.lifecycles.push(...reconciled.lifecycle);
    this.messages.push(...reconciled.accounts);
    this.clockDecisions.push(...reconciled.clockDecisions);
    for (const row of reconciled.engagements) this.engagements.set(row.engagement, row);
    for (const reviewId of reconciled.endedReviews) this.reviews.delete(reviewId);
    for (const review of reconciled.reviews) this.reviews.set(review.reviewId, review);
    return reconciled;
  }
}

/** A person for each order in which the facts can come, one by one and as one batch, each fact twice. */
export function inAnyOrder(facts: readonly Fact[]): Person[] {
  return permutationsOf(facts).flatMap((order) => {
    const batch = new Person();
    batch.process([...order, ...order]);
    const single = new Person();
    for (const arriving of order) {
      single.process([arriving]);
      single.process([arriving]);
    }
    return [batch, single];
  });
}

function permutationsOf(facts: readonly Fact[]): Fact[][] {
  if (facts.length <= 1) return [[...facts]];
  return facts.flatMap((first, index) =>
    permutationsOf(facts.toSpliced(index, 1)).map((rest) => [first, ...rest]),
  );
}
