import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { dropTestDatabases } from '../support/drop-test-databases.ts';
import { openStack } from '../support/stack/open-stack.ts';
import { latchkey } from './arms/latchkey.ts';
import { naive } from './arms/naive.ts';
import { drain } from './measure/drain.ts';
import { standardWorkload } from './workload/workload.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1' },
    events: { type: 'string', default: '20000' },
  },
});
function print(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}
await using stack = await openStack({ log: print });
const { databaseUrl, brokers } = stack;
const runId = randomBytes(4).toString('hex');
const servers = { databaseUrl, brokers, runId, pids: stack.traces?.pids ?? [] };
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const [arm, events] of [
    [naive, 2_000],
    [latchkey, Number(values.events)],
  ] as const) {
    print(JSON.stringify(await drain(servers, arm, standardWorkload({ events }))));
  }
}
if (stack.kind === 'environment') await dropTestDatabases(databaseUrl, runId);
