/** Number of inputs and their seed: `FAULTS_INPUTS` (whole number) and `FAULTS_SEED` (as a failure prints it). */
export const INPUTS_COUNT = readNumber('FAULTS_INPUTS', 10_000);
export const SEED = readNumber('FAULTS_SEED', Math.floor(Math.random() * 2 ** 31));

function readNumber(name: string, defaultValue: number): number {
  const given = process.env[name] ?? '';
  if (given === '') return defaultValue;
  if (/^-?\d{1,12}$/.test(given)) return Number(given);
  throw new RangeError(`${name}: expected a whole number`);
}
