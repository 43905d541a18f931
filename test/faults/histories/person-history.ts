import fc from 'fast-check';
import { HR, type SentEvent } from '../../support/events.ts';
import { type FactDraft, factEvent, MOMENTS, THEMES } from '../workload/facts.ts';

/** What a history is drawn from. */
export interface DrawnHistory {
  /** In the order of their source. */
  readonly drafts: readonly FactDraft[];
  /** Deliveries beyond the first of each; indexes of drafts, modulo their number. */
  readonly again: readonly number[];
  /** The lower, the earlier a delivery comes; used in turn. */
  readonly ranks: readonly number[];
  readonly batchSize: number;
}

const SUBJECT = 'p1';

/** Facts about one person, and how they arrive. Prints as a list of events, one a line. */
export class PersonHistory {
  /** In the order of their source. */
  readonly events: readonly SentEvent[];
  /** As they arrive: every event at least once. */
  readonly batches: readonly (readonly SentEvent[])[];

  constructor({ drafts, again, ranks, batchSize }: DrawnHistory) {
    this.events = drafts.map((draft, at) =>
      factEvent({ source: HR, externalId: SUBJECT }, at + 1, draft),
    );
    const repeated = again.map((index) => this.events[index % this.events.length] as SentEvent);
    const arrived = [...this.events, ...repeated]
      .map((event, at) => ({ event, rank: ranks[at % ranks.length] ?? 0 }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ event }) => event);
    this.batches = arrived.flatMap((_, at) =>
      at % batchSize === 0 ? [arrived.slice(at, at + batchSize)] : [],
    );
  }

  [fc.toStringMethod](): string {
    const batches = this.batches.map((batch, at) => {
      return [`batch ${at + 1}`, ...batch.map((event) => `  ${lineOf(event)}`)];
    });
    return `\n${batches.flat().join('\n')}\n`;
  }
}

/** Type, subject, order and what is said, in one line. */
export function lineOf({ type, subject, id, data }: SentEvent): string {
  return `${type} ${subject} order ${id.split('-').at(-1)} ${JSON.stringify(data)}`;
}

const NONE = MOMENTS.length;
/** Somebody works here, so that what follows makes a difference. */
const HIRED: FactDraft = { kind: 'joined', engagement: 0, at: 0, until: NONE, detail: 0 };

const anyFact = fc.record({
  pick: fc.nat(99),
  engagement: fc.constantFrom(0, 0, 0, 0, 0, 1),
  at: fc.nat(MOMENTS.length - 1),
  until: fc.oneof(fc.constant(NONE), fc.constant(NONE), fc.nat(MOMENTS.length - 1)),
  detail: fc.nat(119),
});

const drafts: fc.Arbitrary<readonly FactDraft[]> = fc
  .record({
    kinds: fc.constantFrom(...THEMES),
    hired: fc.boolean(),
    facts: fc.array(anyFact, { maxLength: 12 }),
  })
  .map(({ kinds, hired, facts }) => {
    const said = facts.map(({ pick, ...fact }): FactDraft => {
      return { ...fact, kind: kinds[pick % kinds.length] ?? 'joined' };
    });
    return hired || said.length === 0 ? [HIRED, ...said] : said;
  });

export const personHistories: fc.Arbitrary<PersonHistory> = fc
  .record({
    drafts,
    again: fc.array(fc.nat(99), { maxLength: 6 }),
    ranks: fc.array(fc.nat(99), { minLength: 1, maxLength: 18 }),
    batchSize: fc.integer({ min: 1, max: 6 }),
  })
  .map((drawn) => new PersonHistory(drawn));
