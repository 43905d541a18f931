import { DEAD_LETTER_CODES } from '@latchkey/contracts';
import { countDeadLetters, countReviews, type Db } from '@latchkey/postgres';
import type { BackgroundTask, Metrics } from '@latchkey/runtime';

/** Measures the number of open dead letters, by code; codes that have none are 0. */
export function deadLettersTask(db: Db, metrics: Metrics): BackgroundTask {
  const open = metrics.gauge('latchkey_dead_letters');
  const forget = (): void => {
    open.reset();
  };
  return {
    name: 'dead-letters',
    everyMs: 10_000,
    limitMs: 20_000,
    forget,
    work: async () => {
      const counts = await db.run(countDeadLetters, {});
      forget();
      for (const code of DEAD_LETTER_CODES) open.set({ code }, 0);
      for (const { code, count } of counts) open.set({ code }, Number(count));
    },
  };
}

/** Measures the number of open reviews, by kind, and how many of them are overdue. */
export function reviewsTask(db: Db, metrics: Metrics): BackgroundTask {
  const open = metrics.gauge('latchkey_reviews_open');
  const forget = (): void => {
    open.reset();
  };
  return {
    name: 'reviews',
    everyMs: 10_000,
    limitMs: 20_000,
    forget,
    work: async () => {
      const counts = await db.run(countReviews, {});
      forget();
      for (const { kind, open: all, overdue } of counts) {
        open.set({ kind, overdue: 'true' }, overdue);
        open.set({ kind, overdue: 'false' }, all - overdue);
      }
    },
  };
}
