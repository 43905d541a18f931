import type { Latchkey } from './latchkey.ts';
import { say, title } from './print.ts';

/** Prints the addresses of all servers, and commands to try. */
export function printAddresses(latchkey: Latchkey): void {
  const { databaseUrl, stack, topics } = latchkey;
  const brokers = stack.brokers.join(',');
  title('Running until Ctrl+C');
  say(`  export DATABASE_URL=${databaseUrl}`);
  say(`  export KAFKA_BROKERS=${brokers}`);
  say();
  say(`  reconciler  ${latchkey.service('reconciler').address}/readyz  /metrics`);
  say(`  relay       ${latchkey.service('relay').address}/readyz  /metrics`);
  say();
  say('  Watch what comes out:');
  say(`    kcat -b ${brokers} -C -X isolation.level=read_committed -t ${topics.access}`);
  say('  Send an event:');
  say(
    `    echo '${joinedExample()}' | kcat -b ${brokers} -P -k ada -t ${topics['workforce-events']}`,
  );
  say('  Look inside:');
  say('    npm run latchkey -- status');
  say('    npm run latchkey -- dead-letters list');
}

function joinedExample(): string {
  return JSON.stringify({
    specversion: '1.0',
    id: 'first-1',
    source: 'urn:example:hr',
    type: 'latchkey.workforce.joined.v1',
    subject: 'ada',
    time: new Date().toISOString(),
    sourceversion: '1',
    data: {
      engagement: 'E-ada',
      startsAt: { date: '2026-01-01', zone: 'Europe/Berlin' },
      attributes: { givenName: 'Ada', department: 'Finance', employmentType: 'employee' },
    },
  });
}
