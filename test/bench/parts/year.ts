import type { Context } from '../context.ts';
import { lineOfNights, measureYear, type YearFigures, yearRatioOf } from '../measure/year.ts';

/** Measures nightly snapshots of the same persons. */
export async function runYear({ servers, sizes, print }: Context): Promise<YearFigures> {
  const { yearPeople: people, yearNights: nights } = sizes;
  const figures = await measureYear(servers, { people, nights, print });
  print(`first week: ${lineOfNights(figures.firstWeek)}`);
  print(`last week: ${lineOfNights(figures.lastWeek)}`);
  print(`last week / first week: ${yearRatioOf(figures).toFixed(2)} × CPU an event`);
  for (const fault of figures.faults) print(fault);
  return figures;
}
