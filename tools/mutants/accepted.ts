import type { Mutant } from './mutant.ts';

/** A mutant that no test can kill, or should. Found by what it is, wherever in its file it stands. */
export interface AcceptedMutant {
  readonly file: string;
  readonly operator: string;
  readonly before: string;
  readonly after: string;
  /** The first line that the change touches, trimmed: tells equal changes of a file apart. */
  readonly line: string;
  /** Why: mostly that nothing outside can tell it from the sources as they are. */
  readonly reason: string;
}

/** A survivor is judged by a person before it stands here. */
export const ACCEPTED: readonly AcceptedMutant[] = [
  {
    file: 'packages/postgres/src/outputs/restate.ts',
    operator: 'sql: comparison',
    before: '<',
    after: '<=',
    line: 'and (generation < ${p.start}::bigint or ${p.start}::bigint > (',
    reason: 'no generation is the start of an epoch: all are above it (nextGeneration)',
  },
];

/** The entry that a mutant is accepted by. */
export function acceptedBy(
  mutant: Mutant,
  text: string,
  accepted: readonly AcceptedMutant[] = ACCEPTED,
): AcceptedMutant | undefined {
  const lines = text.slice(text.lastIndexOf('\n', mutant.start - 1) + 1);
  const line = lines.slice(0, lines.indexOf('\n')).trim();
  return accepted.find(
    (one) =>
      one.file === mutant.file &&
      one.operator === mutant.operator &&
      one.before === mutant.before &&
      one.after === mutant.after &&
      one.line === line,
  );
}
