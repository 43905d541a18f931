import type { Random } from '../../faults/workload/random.ts';

/** The parts of many stories, each in its order, between those of at most `window` others. */
export function* interleave<T>(
  stories: number,
  storyOf: (index: number) => readonly T[],
  window: number,
  random: Random,
): Generator<T, undefined> {
  const open: { readonly parts: readonly T[]; next: number }[] = [];
  let begun = 0;
  while (open.length > 0 || begun < stories) {
    while (open.length < window && begun < stories) {
      open.push({ parts: storyOf(begun), next: 0 });
      begun += 1;
    }
    const at = random.below(open.length);
    const story = open[at];
    const part = story?.parts[story.next];
    if (story === undefined || part === undefined) {
      open.splice(at, 1);
      continue;
    }
    story.next += 1;
    yield part;
  }
}
