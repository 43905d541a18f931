import { createHash } from 'node:crypto';

/** Parts of the sources; each gives the same number of mutants to a sample. */
export const AREAS = ['domain', 'contracts', 'intake', 'sql', 'relay'] as const;
export type Area = (typeof AREAS)[number];

/** One change of one source file. */
export interface Mutant {
  readonly area: Area;
  /** From the root of the repository, with `/`. */
  readonly file: string;
  /** What kind of change it is: `EqualityOperator`, `sql: predicate dropped`. */
  readonly operator: string;
  /** Where the replaced text begins and ends in the file, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
  /** From 1. */
  readonly line: number;
  /**
   * The same for the same change at any position in the file: derived from the file, the operator, the
   * lines around, and the index among equal ones. 16 hexadecimal digits.
   */
  readonly key: string;
}

/** A change whose line is not yet known. */
export type Change = Pick<Mutant, 'operator' | 'start' | 'end' | 'after'>;

/** Returns the mutants of the changes of a file, each with its key. Changes that change nothing are excluded. */
export function mutantsOf(
  area: Area,
  file: string,
  text: string,
  changes: readonly Change[],
): readonly Mutant[] {
  const seen = new Map<string, number>();
  return changes.flatMap(({ operator, start, end, after }) => {
    const before = text.slice(start, end);
    if (before === after) return [];
    const what = [file, operator, contextOf(text, start, end), before, after].join('\0');
    const nth = (seen.get(what) ?? 0) + 1;
    seen.set(what, nth);
    const key = createHash('sha256').update(`${what}\0${nth}`).digest('hex').slice(0, 16);
    const line = text.slice(0, start).split('\n').length;
    return [{ area, file, operator, start, end, before, after, line, key }];
  });
}

/** The file with the mutant in it. */
export function applied(text: string, { start, end, after }: Mutant): string {
  return text.slice(0, start) + after + text.slice(end);
}

/** The whole lines that the change touches, without their indentation. */
function contextOf(text: string, start: number, end: number): string {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const to = text.indexOf('\n', end);
  const lines = text.slice(from, to === -1 ? undefined : to).split('\n');
  return lines.map((line) => line.trim()).join('\n');
}
