import {
  type Attributes,
  canonicalJson,
  derivedId,
  type Moment,
  type RescindedData,
  resolveMoment,
} from '@latchkey/contracts';
import { type KnownAttributes } from '../policy/attribute.ts';
import { permittedAttributes } from '../policy/attributes.ts';
import { type Policy } from '../policy/policy.ts';
import { type EngagementFact } from './fact.ts';
import { resolveEnd } from './resolve-end.ts';

/** Attributes from a moment on, until another row overrides them. */
export interface DatedAttributes {
  readonly atMs: number;
  readonly attributes: KnownAttributes;
}

/** What a `rescinded` withdraws. */
export type Rescinds =
  | 'start'
  | 'end'
  | { readonly row: string }
  | { readonly kind: 'moved' | 'suspended' | 'resumed'; readonly atMs: number };

interface StatementOf {
  readonly joined: {
    readonly startMs: number;
    readonly endMs: number | undefined;
    readonly attributes: KnownAttributes;
  };
  readonly moved: DatedAttributes & { readonly row: string | undefined };
  readonly left: {
    readonly endMs: number;
    readonly accessEndMs: number | undefined;
    readonly immediate: boolean;
  };
  readonly suspended: { readonly atMs: number };
  readonly resumed: { readonly atMs: number };
  readonly rescinded: { readonly rescinds: Rescinds };
  readonly stated: {
    readonly startMs: number;
    readonly endMs: number | undefined;
    readonly rows: readonly DatedAttributes[];
  };
}

interface StatementBase {
  readonly eventId: string;
  readonly order: bigint;
  /** `undefined`: it was dropped, and `content` stands for it. */
  readonly data: EngagementFact['data'] | undefined;
  /** See `contentOf`. */
  readonly content?: string;
}

/** A fact of an engagement as the fold needs it: moments resolved, attributes checked against the policy. */
export type Statement = {
  [K in keyof StatementOf]: StatementBase & { readonly kind: K } & StatementOf[K];
}[keyof StatementOf];

/** Reads a fact under a policy. Total: moments of stored facts exist. */
export function statementOf(fact: EngagementFact, policy: Policy): Statement {
  return readFact(fact, (attributes) => permittedAttributes(attributes, fact.source, policy));
}

/**
 * Reads a fact.
 *
 * @param known - what counts of its attributes
 */
export function readFact(
  fact: EngagementFact,
  known: (attributes: Attributes) => KnownAttributes,
): Statement {
  const { eventId, order, data } = fact;
  switch (fact.kind) {
    case 'joined': {
      const { startsAt, endsAt, attributes } = fact.data;
      return {
        eventId,
        order,
        data,
        kind: 'joined',
        startMs: resolveMoment(startsAt),
        endMs: optionalEnd(endsAt),
        attributes: known(attributes),
      };
    }
    case 'moved': {
      const { fact: row, effectiveAt, attributes } = fact.data;
      const atMs = resolveMoment(effectiveAt);
      return { eventId, order, data, kind: 'moved', row, atMs, attributes: known(attributes) };
    }
    case 'left': {
      const { endsAt, accessEndsAt, immediate = false } = fact.data;
      const accessEndMs = optionalEnd(accessEndsAt);
      return {
        eventId,
        order,
        data,
        kind: 'left',
        endMs: resolveEnd(endsAt),
        accessEndMs,
        immediate,
      };
    }
    case 'suspended':
    case 'resumed':
      return { eventId, order, data, kind: fact.kind, atMs: resolveMoment(fact.data.effectiveAt) };
    case 'rescinded':
      return { eventId, order, data, kind: 'rescinded', rescinds: readRescinds(fact.data) };
    case 'stated': {
      const { startsAt, endsAt, timeline } = fact.data;
      const rows = timeline.map(({ from, attributes }) => ({
        atMs: resolveMoment(from),
        attributes: known(attributes),
      }));
      const startMs = resolveMoment(startsAt);
      return { eventId, order, data, kind: 'stated', startMs, endMs: optionalEnd(endsAt), rows };
    }
  }
}

/** Equal for statements with the same content, regardless of their events. */
export function contentOf(statement: Statement): string {
  const known = statement.content ?? contents.get(statement);
  if (known !== undefined) return known;
  const content = derivedId('content', canonicalJson([statement.kind, statement.data]));
  contents.set(statement, content);
  return content;
}

/** The statement without the data that it was read from, which may be much larger than what counts of it. */
export function withoutData(statement: Statement): Statement {
  return { ...statement, data: undefined, content: contentOf(statement) };
}

/** What of a statement outlives a full one: starts, ends and suspensions. */
export function structureOf(statement: Statement): readonly Statement[] {
  if (statement.kind === 'moved') return [];
  if (statement.kind === 'joined') return [{ ...statement, attributes: {} }];
  return statement.kind === 'stated' ? [{ ...statement, rows: [] }] : [statement];
}

/** Statements that are tied are compared with each other, each with all. */
const contents = new WeakMap<Statement, string>();

function optionalEnd(moment: Moment | undefined): number | undefined {
  return moment === undefined ? undefined : resolveEnd(moment);
}

function readRescinds({ rescinds }: RescindedData): Rescinds {
  if (typeof rescinds === 'string') return rescinds;
  if (rescinds.fact !== undefined) return { row: rescinds.fact };
  return { kind: rescinds.kind, atMs: resolveMoment(rescinds.effectiveAt) };
}
