import { createHash } from 'node:crypto';
import { AREAS, type Mutant } from './mutant.ts';

/**
 * `count` of the mutants, drawn by the seed: the same number of each area, as far as it has so many.
 * A change of the sources changes the sample only where it changes mutants.
 */
export function sampleOf(
  mutants: readonly Mutant[],
  { seed, count }: { readonly seed: number; readonly count: number },
): readonly Mutant[] {
  const drawn = mutants
    .map((mutant) => ({ mutant, ticket: ticketOf(seed, mutant) }))
    .toSorted((a, b) => (a.ticket < b.ticket ? -1 : 1))
    .map(({ mutant }) => mutant);
  const areas = AREAS.map((area) => drawn.filter((mutant) => mutant.area === area));
  const left = areas.filter((own) => own.length > 0).toSorted((a, b) => a.length - b.length);
  const sample: Mutant[] = [];
  // The smallest area first, so that the others fill its shortage.
  for (const [at, own] of left.entries()) {
    sample.push(...own.slice(0, Math.ceil((count - sample.length) / (left.length - at))));
  }
  return sample;
}

function ticketOf(seed: number, { key }: Mutant): string {
  return createHash('sha256').update(`${seed} ${key}`).digest('hex');
}
