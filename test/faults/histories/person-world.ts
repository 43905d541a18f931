import { readFileSync } from 'node:fs';
import { type Event, identityIdOf, type RecordEvent } from '@latchkey/contracts';
import {
  type CurrentIdentity,
  EXAMPLE_POLICY_URL,
  type Fact,
  factOf,
  loadPolicy,
  type Reconciled,
  reconcile,
} from '@latchkey/domain';
import { HR, type SentEvent, structured } from '../../support/events.ts';
import { canonical } from '../oracle/canonical.ts';
import { parseSent } from '../oracle/parse-sent.ts';
import type { PersonState } from '../oracle/person-state.ts';
import { StoredHeads } from './stored-heads.ts';

export const POLICY = loadPolicy(readFileSync(EXAMPLE_POLICY_URL, 'utf8'));

/** Runs the pure domain for one person, and stores in memory what the database would store, heads included. */
export class PersonWorld {
  facts: readonly Fact[] = [];
  readonly heads = new StoredHeads(POLICY);
  identity: CurrentIdentity = {
    identityId: identityIdOf(HR, 'p1'),
    source: HR,
    externalId: 'p1',
    lifecycle: undefined,
    generation: 0n,
    derivedAtMs: undefined,
    accounts: [],
  };
  nextTransitionAtMs: number | undefined;
  /** Kinds of open reviews, by id. */
  readonly reviews = new Map<string, string>();
  /** Object and generation of every published message, in order. */
  readonly published: { readonly object: string; readonly generation: bigint }[] = [];

  /** Processes a batch; `undefined` when every event is a duplicate. */
  process(events: readonly SentEvent[], nowMs: number): Reconciled | undefined {
    const known = new Set(this.facts.map(({ eventId }) => eventId));
    const arriving: Fact[] = [];
    for (const fact of events.map(parseFact)) {
      if (known.has(fact.eventId)) continue;
      known.add(fact.eventId);
      arriving.push(fact);
    }
    return arriving.length === 0 ? undefined : this.#reconcile(arriving, nowMs);
  }

  /** Re-derives at this moment, without new facts. */
  runClock(nowMs: number): Reconciled {
    return this.#reconcile([], nowMs);
  }

  #reconcile(arriving: readonly Fact[], nowMs: number): Reconciled {
    const { identity, facts, heads } = this;
    const reconciled = reconcile({
      identity,
      known: heads.read(facts, arriving),
      arriving,
      policy: POLICY,
      nowMs,
      epoch: 0,
    });
    const { next, lifecycle, accounts, quietAccounts } = reconciled;
    const current = new Map(identity.accounts.map((account) => [account.target, account]));
    for (const { after } of accounts) current.set(after.target, after);
    for (const account of quietAccounts) current.set(account.target, account);
    this.facts = [...facts, ...arriving];
    heads.store(arriving, reconciled.checkpoints);
    this.identity = {
      ...identity,
      lifecycle: next.lifecycle,
      generation: next.generation,
      derivedAtMs: nowMs,
      accounts: [...current.values()],
    };
    this.nextTransitionAtMs = next.nextTransitionAtMs;
    const lifecycles = lifecycle.map(({ generation }) => ({ object: 'lifecycle', generation }));
    const desired = accounts.map(({ after }) => {
      return { object: after.accountId, generation: after.generation };
    });
    for (const reviewId of reconciled.endedReviews) this.reviews.delete(reviewId);
    for (const { reviewId, kind } of reconciled.reviews) this.reviews.set(reviewId, kind);
    this.published.push(...lifecycles, ...desired);
    return reconciled;
  }
}

/** State in the form that the oracle compares. `archived` counts as `inactive`: deletion of accounts is not compared. */
export function stateOf({ identity }: PersonWorld): PersonState {
  const accounts = identity.accounts.map((account) => {
    const { target, state, userName } = account;
    const entitlements = account.entitlements.map(({ name }) => name).sort();
    const attributes = canonical(account.attributes);
    return [target, { state, userName, attributes, entitlements }] as const;
  });
  const lifecycle = identity.lifecycle === 'archived' ? 'inactive' : identity.lifecycle;
  return { lifecycle, accounts: new Map(accounts) };
}

function parseFact(sent: SentEvent): Fact {
  return factOf(parseEvent(sent) as RecordEvent);
}

/** The event that a delivery of this parses to. */
export function parseEvent(sent: SentEvent): Event {
  const read = parseSent(structured(sent));
  if (read.kind === 'refused') throw new RangeError(`not an event: ${read.code}`);
  const { eventId, source, type, subject, order, data } = read.event;
  const timeMs = Date.parse(sent.time);
  const fingerprint = Buffer.alloc(32);
  const traces = { traceparent: undefined, tracestate: undefined };
  const envelope = { eventId, fingerprint, source, type, subject, order, ...traces };
  return { ...envelope, time: sent.time, timeMs, data } as unknown as Event;
}
