/** Measures configurations of the peer to find the best one: `node tools/run.mjs test/bench/arms/peer/tune.ts` */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { openStack } from '../../../../tools/stack/open-stack.ts';
import { type DrainFigures, drain } from '../../measure/drain.ts';
import type { Servers } from '../../system.ts';
import { standardWorkload } from '../../workload/workload.ts';
import { type PeerTuning, peerArm } from '../transactional-outbox.ts';
import { TRIED } from './tried.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1500' },
    rounds: { type: 'string', default: '1' },
    only: { type: 'string', default: TRIED.map(({ name }) => name).join(';') },
  },
});

await using stack = await openStack({ isForMeasuring: true });
const { databaseUrl, brokers } = stack;
const runId = randomBytes(4).toString('hex');
const servers: Servers = { databaseUrl, brokers, runId, pids: stack.traces?.pids ?? [] };
const wanted = values.only.split(';');
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const { name, tuning } of TRIED.filter((tried) => wanted.includes(tried.name))) {
    console.log(rowOf(name, await measured(tuning)));
  }
}

async function measured(tuning: PeerTuning): Promise<DrainFigures | string> {
  const workload = standardWorkload({ events: Number(values.events) });
  try {
    return await drain(servers, peerArm('B', tuning), workload);
  } catch (error) {
    return String(error);
  }
}

function rowOf(name: string, figures: DrainFigures | string): string {
  if (typeof figures === 'string') return `| ${name} | ${figures} |`;
  const { commitPerSecond, visiblePerSecond, cpuMicros, faults } = figures;
  const cpu = Object.entries(cpuMicros).map(([role, micros]) => `${role} ${Math.round(micros)}`);
  const sound = faults.length === 0 ? 'sound' : faults.join('; ');
  return `| ${name} | ${Math.round(commitPerSecond)} | ${Math.round(visiblePerSecond)} | ${cpu.join(', ')} | ${sound} |`;
}
