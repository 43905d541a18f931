import { TRIALS, type TrialName } from './trials.ts';

/** Runs one trial of the sources that contain this file, and sends its findings to the parent process. */

const [name = ''] = process.argv.slice(2);
const { DATABASE_URL: databaseUrl = '', KAFKA_BROKERS = '', RUN_ID: runId = '' } = process.env;
const servers = { databaseUrl, brokers: KAFKA_BROKERS.split(','), runId };
const findings = await TRIALS[name as TrialName].run(servers);
process.send?.({ findings }, () => {
  // Abandoned work may still be pending.
  process.exit(0);
});
