import type { AcceptedMutant } from './accepted.ts';
import type { Mutant } from './mutant.ts';
import type { MutantResult } from './try-mutant.ts';

/** A mutant of the sample, and its result. */
export interface Judged {
  readonly mutant: Mutant;
  /** undefined: not tried yet. */
  readonly result: MutantResult | undefined;
  readonly accepted: AcceptedMutant | undefined;
}

const AIM = 0.9;
const TEXT_MAX_CHARS = 300;

/** The share that was killed of those that are not accepted; a mutant that could not be tried counts as survived. */
export function shareOf(judged: readonly Judged[]): number {
  const counted = judged.filter(
    ({ accepted, result }) => !accepted || result?.outcome === 'killed',
  );
  const killed = counted.filter(({ result }) => result?.outcome === 'killed').length;
  return counted.length === 0 ? 1 : killed / counted.length;
}

export function isGoodEnough(judged: readonly Judged[]): boolean {
  return shareOf(judged) >= AIM && judged.every(({ result }) => result !== undefined);
}

/** Survivors, then killed and survived by area and by operator. */
export function reportOf(judged: readonly Judged[]): string {
  const survivors = judged.filter(({ result }) => result?.outcome !== 'killed');
  const percent = (shareOf(judged) * 100).toFixed(1);
  const killed = judged.length - survivors.length;
  const accepted = survivors.filter((one) => one.accepted !== undefined).length;
  return [
    ...survivors.map(survivorLines),
    tableOf('by area', judged, ({ area }) => area),
    tableOf('by operator', judged, ({ operator }) => operator),
    `${killed} of ${judged.length} killed, ${accepted} survivors accepted: ${percent} % of the others killed (wanted: ${AIM * 100} %)`,
  ].join('\n');
}

function survivorLines({ mutant, result, accepted }: Judged): string {
  const { file, line, operator, before, after } = mutant;
  const what = accepted
    ? `accepted: ${accepted.reason}`
    : (result?.outcome ?? 'not tried').toUpperCase();
  return `${file}:${line} ${operator}: ${what}\n  - ${short(before)}\n  + ${short(after)}\n`;
}

function tableOf(
  title: string,
  judged: readonly Judged[],
  groupOf: (mutant: Mutant) => string,
): string {
  const groups = [...Map.groupBy(judged, ({ mutant }) => groupOf(mutant))].sort();
  const width = Math.max(title.length, ...groups.map(([name]) => name.length));
  const rows = groups.map(([name, own]) => {
    const killed = own.filter(({ result }) => result?.outcome === 'killed').length;
    const accepted = own.filter((one) => one.accepted && one.result?.outcome !== 'killed').length;
    return row(name.padEnd(width), killed, own.length - killed - accepted, accepted);
  });
  return [row(title.padEnd(width), 'killed', 'survived', 'accepted'), ...rows, ''].join('\n');
}

function row(...[name, ...cells]: readonly (string | number)[]): string {
  return [name, ...cells.map((cell) => String(cell).padStart(9))].join(' ');
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > TEXT_MAX_CHARS ? `${line.slice(0, TEXT_MAX_CHARS)}…` : line;
}
