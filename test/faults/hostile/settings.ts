/** How much is tried, and from which seed: `FAULTS_INPUTS` (whole number) and `FAULTS_SEED` (as a failure prints it). */
export const INPUTS_COUNT = numberFrom('FAULTS_INPUTS', 10_000);
export const SEED = numberFrom('FAULTS_SEED', Math.floor(Math.random() * 2 ** 31));

function numberFrom(name: string, otherwise: number): number {
  const given = process.env[name] ?? '';
  if (given === '') return otherwise;
  if (/^-?\d{1,12}$/.test(given)) return Number(given);
  throw new RangeError(`${name}: expected a whole number`);
}
