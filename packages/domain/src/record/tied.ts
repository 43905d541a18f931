import { type KnownAttributes } from '../policy/attribute.ts';
import { sameAttributes } from '../policy/attributes.ts';
import { type Reading } from './reading.ts';
import { type DatedAttributes, type Statement } from './statement.ts';

type Kind = Statement['kind'];
type StatementOf<K extends Kind> = Extract<Statement, { readonly kind: K }>;

/** What decides, beside the two, whether tied statements clash. */
interface Circumstances {
  /** Whether a start at this moment may begin another period than the latest one. */
  readonly mayStartAgain: (startMs: number) => boolean;
  /** Names that came with a start and that a row up to that start states differently. */
  readonly contested: ReadonlyMap<Statement, ReadonlySet<string>>;
  readonly anyJoined: boolean;
  readonly repeated: Repeated;
}

/** What a full statement must say of a tied row for the row to make no difference: the same row, or the value that it has then. */
export type Repeated = 'as_row' | 'in_force';

/**
 * Tied statements in parts: those of different parts can be read in any order, one part after the other, with
 * the same result. Parts, and statements in them, keep the order of the statements.
 */
export function clashingParts(
  tied: readonly Statement[],
  readings: readonly Reading[],
  repeated: Repeated,
): readonly (readonly Statement[])[] {
  const circumstances = circumstancesOf(tied, readings, repeated);
  const parts: number[] = tied.map((_, at) => at);
  for (const [at, one] of tied.entries()) {
    for (let after = at + 1; after < tied.length; after += 1) {
      const other = tied[after];
      if (other !== undefined && parts[at] !== parts[after] && clash(one, other, circumstances)) {
        join(parts, at, after);
      }
    }
  }
  const byPart = Map.groupBy(tied.entries(), ([at]) => parts[at]);
  return [...byPart.values()].map((part) => part.map(([, statement]) => statement));
}

function join(parts: number[], at: number, after: number): void {
  const [one = at, other = after] = [parts[at], parts[after]];
  const [first, second] = one < other ? [one, other] : [other, one];
  for (const [index, part] of parts.entries()) if (part === second) parts[index] = first;
}

function circumstancesOf(
  tied: readonly Statement[],
  readings: readonly Reading[],
  repeated: Repeated,
): Circumstances {
  const has = (...kinds: readonly Kind[]) => tied.some(({ kind }) => kinds.includes(kind));
  const movesEnds = has('left', 'stated');
  const leftMs = readings.map((reading) => reading.at(-1)?.left?.atMs ?? Number.POSITIVE_INFINITY);
  const joined = tied.filter((statement) => statement.kind === 'joined');
  const moved = tied.filter((statement) => statement.kind === 'moved');
  return {
    mayStartAgain: (startMs) => movesEnds || leftMs.some((endMs) => startMs >= endMs),
    contested: new Map(joined.map((start) => [start, contestedNames(start, moved)])),
    anyJoined: joined.length > 0,
    repeated,
  };
}

function contestedNames(
  { startMs, attributes: base }: StatementOf<'joined'>,
  moved: readonly StatementOf<'moved'>[],
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { atMs, attributes } of moved) {
    if (atMs > startMs) continue;
    for (const name of sharedNames(base, attributes)) {
      if (base[name] !== attributes[name]) names.add(name);
    }
  }
  return names;
}

function sharedNames(one: KnownAttributes, other: KnownAttributes): readonly string[] {
  return Object.keys(one).filter((name) => Object.hasOwn(other, name));
}

type Clashes = {
  readonly [A in Kind]?: {
    readonly [B in Kind]?: (
      one: StatementOf<A>,
      other: StatementOf<B>,
      circumstances: Circumstances,
    ) => boolean;
  };
};

const always = () => true;

/** Pairs that may give another result in the other order; each pair once. Others never do. */
const CLASHES: Clashes = {
  joined: {
    joined: (one, other) =>
      one.startMs !== other.startMs ||
      one.endMs !== other.endMs ||
      !sameAttributes(one.attributes, other.attributes),
    left: always,
    moved: (start, { atMs, attributes }, { mayStartAgain, contested }) =>
      mayStartAgain(start.startMs) ||
      (atMs <= start.startMs &&
        contested
          .get(start)
          ?.values()
          .some((name) => Object.hasOwn(attributes, name)) === true),
    suspended: ({ startMs }, _, { mayStartAgain }) => mayStartAgain(startMs),
    resumed: ({ startMs }, _, { mayStartAgain }) => mayStartAgain(startMs),
    rescinded: ({ startMs }, { rescinds }, { mayStartAgain }) =>
      rescinds === 'start' || mayStartAgain(startMs),
    stated: always,
  },
  moved: {
    moved: haveDifferentValues,
    rescinded: ({ row, atMs }, { rescinds }) => {
      if (typeof rescinds === 'string') return false;
      if ('row' in rescinds) return rescinds.row === row;
      return rescinds.kind === 'moved' && row === undefined && rescinds.atMs === atMs;
    },
    stated: (row, full, { anyJoined, repeated }) => anyJoined || !isSaidBy(row, full, repeated),
  },
  left: {
    left: (one, other) => one.endMs !== other.endMs || one.accessEndMs !== other.accessEndMs,
    rescinded: (_, { rescinds }) => rescinds === 'end',
    stated: always,
  },
  suspended: {
    resumed: (one, other) => one.atMs === other.atMs,
    rescinded: isRescindedBy,
    stated: (_, { startMs }, { mayStartAgain }) => mayStartAgain(startMs),
  },
  resumed: {
    rescinded: isRescindedBy,
    stated: (_, { startMs }, { mayStartAgain }) => mayStartAgain(startMs),
  },
  rescinded: { stated: always },
  stated: { stated: always },
};

function clash(one: Statement, other: Statement, circumstances: Circumstances): boolean {
  const inOrder = clashOf(one.kind, other.kind);
  if (inOrder !== undefined) return inOrder(one, other, circumstances);
  return clashOf(other.kind, one.kind)?.(other, one, circumstances) === true;
}

/** The kinds of a pair decide. */
function clashOf(one: Kind, other: Kind) {
  return CLASHES[one]?.[other] as
    | ((one: Statement, other: Statement, circumstances: Circumstances) => boolean)
    | undefined;
}

function haveDifferentValues(one: StatementOf<'moved'>, other: StatementOf<'moved'>): boolean {
  const { atMs, attributes } = other;
  if (one.row !== undefined && one.row === other.row) {
    return one.atMs !== atMs || !sameAttributes(one.attributes, attributes);
  }
  if (one.atMs !== atMs) return false;
  return sharedNames(one.attributes, attributes).some(
    (name) => one.attributes[name] !== attributes[name],
  );
}

function isRescindedBy(
  { kind, atMs }: StatementOf<'suspended' | 'resumed'>,
  { rescinds }: StatementOf<'rescinded'>,
): boolean {
  return (
    typeof rescinds === 'object' &&
    'kind' in rescinds &&
    rescinds.kind === kind &&
    rescinds.atMs === atMs
  );
}

/**
 * Whether a full statement repeats a row, so that the row makes no difference after it. As a row of the same date, without a key by
 * which it could be withdrawn. Where only the value was in force, newer rows between both dates would tell them apart.
 */
function isSaidBy(
  { row, atMs, attributes }: StatementOf<'moved'>,
  { rows }: StatementOf<'stated'>,
  repeated: Repeated,
): boolean {
  const isExact = repeated === 'as_row';
  if (isExact && row !== undefined) return false;
  const known = rows.filter((one) => (isExact ? one.atMs === atMs : one.atMs <= atMs));
  return Object.entries(attributes).every(([name, value]) => valueIn(known, name) === value);
}

function valueIn(rows: readonly DatedAttributes[], name: string) {
  let newest: DatedAttributes | undefined;
  for (const row of rows) {
    if (!Object.hasOwn(row.attributes, name)) continue;
    if (newest === undefined || row.atMs >= newest.atMs) newest = row;
  }
  return newest?.attributes[name];
}
