import { TRIALS, type TrialName } from './trials.ts';

/** One trial of the sources that this file lies in, as a process of its own: tells its parent what it found. */

const [name = ''] = process.argv.slice(2);
const { DATABASE_URL: databaseUrl = '', KAFKA_BROKERS = '', RUN_ID: runId = '' } = process.env;
const servers = { databaseUrl, brokers: KAFKA_BROKERS.split(','), runId };
const findings = await TRIALS[name as TrialName].run(servers);
process.send?.({ findings }, () => {
  // What was given up may still wait for something.
  process.exit(0);
});
