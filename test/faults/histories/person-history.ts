import fc from 'fast-check';
import { HR, type SentEvent } from '../../support/events.ts';
import { type FactDraft, factEvent, MOMENTS, THEMES } from '../workload/facts.ts';

/** A fact of a history, before it becomes an event. */
export interface HistoryDraft extends FactDraft {
  /** It has the same order as the fact before it: both come from one transaction of the source. */
  readonly tied?: boolean;
}

/** Random input of a history. */
export interface DrawnHistory {
  /** In the source's order. */
  readonly drafts: readonly HistoryDraft[];
  /** Repeated deliveries: indexes of drafts, modulo their number. */
  readonly again: readonly number[];
  /** Sort keys of the deliveries, used in rotation; the lowest arrives first. */
  readonly ranks: readonly number[];
  readonly batchSize: number;
}

const SUBJECT = 'p1';

/** Facts about one person, and how they arrive. Printed as one event per line. */
export class PersonHistory {
  /** In the source's order. */
  readonly events: readonly SentEvent[];
  /** Order of each event in its source. */
  readonly orders: ReadonlyMap<SentEvent, number>;
  /** In order of arrival: every event at least once. */
  readonly batches: readonly (readonly SentEvent[])[];

  constructor({ drafts, again, ranks, batchSize }: DrawnHistory) {
    const placed = drafts.map((draft, at): [SentEvent, number] => {
      const order = drafts.slice(1, at + 1).filter(({ tied }) => tied !== true).length + 1;
      const event = factEvent({ source: HR, externalId: SUBJECT }, order, draft);
      return [{ ...event, id: `${SUBJECT}-${at + 1}` }, order];
    });
    this.orders = new Map(placed);
    this.events = placed.map(([event]) => event);
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
      return [
        `batch ${at + 1}`,
        ...batch.map((event) => `  ${formatEvent(event, this.orders.get(event) ?? 0)}`),
      ];
    });
    return `\n${batches.flat().join('\n')}\n`;
  }
}

/** Type, subject, order and data in one line. */
export function formatEvent({ type, subject, data }: SentEvent, order: number): string {
  return `${type} ${subject} order ${order} ${JSON.stringify(data)}`;
}

const NONE = MOMENTS.length;
/** Starts an engagement, so that later facts have an effect. */
const HIRED: FactDraft = { kind: 'joined', engagement: 0, at: 0, until: NONE, detail: 0 };

const anyFact = fc.record({
  pick: fc.nat(99),
  engagement: fc.constantFrom(0, 0, 0, 0, 0, 1),
  at: fc.nat(MOMENTS.length - 1),
  until: fc.oneof(fc.constant(NONE), fc.constant(NONE), fc.nat(MOMENTS.length - 1)),
  detail: fc.nat(119),
});

/** Facts of a few kinds; some histories have tied facts. */
const mixed: fc.Arbitrary<readonly HistoryDraft[]> = fc
  .record({
    kinds: fc.constantFrom(...THEMES),
    hired: fc.boolean(),
    stamps: fc.boolean(),
    facts: fc.array(fc.tuple(anyFact, fc.nat(2)), { maxLength: 12 }),
  })
  .map(({ kinds, hired, stamps, facts }) => {
    const drawn = facts.map(([{ pick, ...fact }, tied]): HistoryDraft => {
      const kind = kinds[pick % kinds.length] ?? 'joined';
      return { ...fact, kind, tied: stamps && tied === 0 };
    });
    return limitTies(hired || drawn.length === 0 ? [HIRED, ...drawn] : drawn);
  });

const TIED_MAX_COUNT = 4;

/** Limits groups of tied facts, so that the reference can try every order. */
function limitTies(drafts: readonly HistoryDraft[]): readonly HistoryDraft[] {
  return drafts.map((draft, at) => ({
    ...draft,
    tied: draft.tied === true && at % TIED_MAX_COUNT !== 0,
  }));
}

/** A person leaves and rejoins; leaves are restated with a later date or `immediate`. All on a few future dates. */
const rejoins: fc.Arbitrary<readonly HistoryDraft[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('left', 'left', 'joined', 'stated', 'rescinded' as const),
      at: fc.constantFrom(8, 9, 11),
      until: fc.constantFrom(NONE, NONE, 5, 9),
      detail: fc.constantFrom(0, 1, 4, 9),
    }),
    { minLength: 2, maxLength: 7 },
  )
  .map((facts) => [HIRED, ...facts.map((fact) => ({ ...fact, engagement: 0 }))]);

/** Moves and corrected starts around the same dates. */
const rowsAroundStarts: fc.Arbitrary<readonly HistoryDraft[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('moved', 'moved', 'joined', 'rescinded' as const),
      at: fc.constantFrom(0, 2, 4, 8),
      detail: fc.nat(119),
      tied: fc.constantFrom(false, false, true),
    }),
    { minLength: 2, maxLength: 8 },
  )
  .map((facts) =>
    limitTies([HIRED, ...facts.map((fact) => ({ ...fact, engagement: 0, until: NONE }))]),
  );

const drafts = fc.oneof(
  { weight: 4, arbitrary: mixed },
  { weight: 1, arbitrary: rejoins },
  { weight: 1, arbitrary: rowsAroundStarts },
);

export const personHistories: fc.Arbitrary<PersonHistory> = fc
  .record({
    drafts,
    again: fc.array(fc.nat(99), { maxLength: 6 }),
    ranks: fc.array(fc.nat(99), { minLength: 1, maxLength: 18 }),
    batchSize: fc.integer({ min: 1, max: 6 }),
  })
  .map((drawn) => new PersonHistory(drawn));
