import type { Random } from '../../faults/workload/random.ts';

/** Interleaves sequences. Each keeps its order; at most `window` are open at once. */
export function* interleave<T>(
  sequences: number,
  sequenceOf: (index: number) => readonly T[],
  window: number,
  random: Random,
): Generator<T, undefined> {
  const open: { readonly parts: readonly T[]; next: number }[] = [];
  let begun = 0;
  while (open.length > 0 || begun < sequences) {
    while (open.length < window && begun < sequences) {
      open.push({ parts: sequenceOf(begun), next: 0 });
      begun += 1;
    }
    const at = random.below(open.length);
    const sequence = open[at];
    const part = sequence?.parts[sequence.next];
    if (sequence === undefined || part === undefined) {
      open.splice(at, 1);
      continue;
    }
    sequence.next += 1;
    yield part;
  }
}
