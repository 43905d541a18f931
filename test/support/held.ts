import type { Hold } from '@latchkey/kafka';

/** The hold on a partition that nobody takes away, or that was taken away already. */
export function held(isOurs = true): Hold {
  return {
    keep: () => Promise.resolve(isOurs),
    untilTurn: async (turn) => {
      await turn;
    },
  };
}
