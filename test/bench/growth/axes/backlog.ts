import { startService } from '../../../support/process.ts';
import { cpuMicros, serverProcesses } from '../../measure/processes.ts';
import { openBenchReader } from '../../measure/reader.ts';
import { FILL_OUTBOX, PAYLOAD_BYTES, TOPICS } from '../../measure/relay-alone.ts';
import { until } from '../../measure/until.ts';
import { openBenchSystem, type Servers } from '../../system.ts';
import { type GrowthAxis, type StepFigures, stepByStep } from '../axis.ts';
import { figuresBetween } from '../intake-run.ts';
import { atMostTimes } from '../judge.ts';

/** Rows published as warm-up, and rows measured; the rest stays in the outbox. */
const WARM_UP_ROWS = 20_000;
const COUNTED_ROWS = 80_000;

export const backlog: GrowthAxis = {
  name: 'backlog',
  what: 'unpublished rows of the outbox',
  unit: 'µs CPU a row',
  bound: 'at most 1.2 × of the shortest',
  repetitions: () => 1,
  steps: (isLong) => (isLong ? [1e5, 1e6, 1e7] : [1e5, 1e6]).map((x) => ({ x })),
  open: stepByStep(({ servers }, { x }) => measureBacklog(servers, x)),
  judge: atMostTimes(1.2),
};

async function measureBacklog(servers: Servers, rows: number): Promise<StepFigures> {
  await using system = await openBenchSystem(servers);
  const { database, topics, env } = system;
  const names = TOPICS.map((topic) => topics.names[topic]);
  // Creates topics and lanes.
  await (await startService('relay', { env })).end('SIGKILL');
  await database.query(FILL_OUTBOX, [names, rows, 'x'.repeat(PAYLOAD_BYTES)]);
  await database.query('vacuum analyze outbox');
  await database.query('checkpoint');
  const { brokers } = servers;
  await using reader = await openBenchReader({ brokers, topics: names, isNumbered: true });
  await using relay = await startService('relay', { env });
  const open = { processes: () => [{ role: 'relay' as const, child: relay }] };
  const found = await serverProcesses(database, servers.pids);
  const watched = [{ name: 'relay', pids: [relay.pid] }, ...found];
  const markAt = async (count: number): Promise<Parameters<typeof figuresBetween>[0]> => {
    const poll = (): Promise<number> => Promise.resolve(reader.read());
    const { seen, atMs } = await until(open, poll, (read) => read >= count);
    return { committed: seen, atMs, cpu: await cpuMicros(watched) };
  };
  const begin = await markAt(WARM_UP_ROWS);
  const end = await markAt(Math.min(WARM_UP_ROWS + COUNTED_ROWS, Math.floor(rows * 0.98)));
  const { faults } = await reader.report();
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return figuresBetween(begin, end);
}
