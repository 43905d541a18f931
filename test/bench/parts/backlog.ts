import { latchkey } from '../arms/latchkey.ts';
import type { Context } from '../context.ts';
import { type DrainFigures, drain } from '../measure/drain.ts';
import { lineOf } from '../report/table.ts';
import { standardWorkload } from '../workload/workload.ts';

/** Measures the memory with a long backlog. */
export async function runBacklog({
  servers,
  sizes,
  print,
}: Context): Promise<readonly DrainFigures[]> {
  const events = sizes.backlogEvents;
  const figures = await drain(servers, latchkey, standardWorkload({ events }));
  print(`backlog of ${events}: ${lineOf(figures)}`);
  return [figures];
}
