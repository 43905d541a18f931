import { startService } from '../../support/process.ts';
import { countAppended } from '../arms/services.ts';
import { openBenchSystem, type Servers } from '../system.ts';
import { cpuMicros, highWaterBytes, serverProcesses } from './processes.ts';
import { openBenchReader } from './reader.ts';
import { until } from './until.ts';

/** Figures of a relay that publishes a full outbox, without a reconciler. */
export interface RelayFigures {
  readonly messages: number;
  /** Messages per second, from the first to the last seen by a `read_committed` consumer. */
  readonly perSecond: number;
  /** Microseconds of CPU a message: relay, postgres, broker, reader. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  readonly rssBytes: number;
}

export const TOPICS = ['lifecycle', 'access', 'verifications'] as const;
/** Size of an average `access` effect of the standard workload. */
export const PAYLOAD_BYTES = 700;

/** @param messages - number of messages in the outbox, over three topics */
export async function measureRelay(servers: Servers, messages: number): Promise<RelayFigures> {
  await using system = await openBenchSystem(servers);
  const { database, topics, env } = system;
  const names = TOPICS.map((topic) => topics.names[topic]);
  // Creates topics and lanes.
  await (await startService('relay', { env })).end('SIGKILL');
  await database.query(FILL_OUTBOX, [names, messages, 'x'.repeat(PAYLOAD_BYTES)]);
  await database.query('vacuum analyze outbox');
  await database.query('checkpoint');
  const { brokers } = servers;
  await using reader = await openBenchReader({ brokers, topics: names, isNumbered: true });
  await using relay = await startService('relay', { env });
  const open = { processes: () => [{ role: 'relay' as const, child: relay }] };
  const watched = [
    { name: 'relay', pids: [relay.pid] },
    ...(await serverProcesses(database, servers.pids)),
    { name: 'reader', pids: [reader.pid] },
  ];
  const read = (): Promise<number> => Promise.resolve(reader.read());
  const first = await until(open, read, (seen) => seen > 0);
  const [beginMs, before] = [reader.lastMs(), await cpuMicros(watched)];
  const total = await countAppended(system);
  await until(open, read, (seen) => seen >= total);
  const [endMs, after] = [reader.lastMs(), await cpuMicros(watched)];
  const { faults } = await reader.report();
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const counted = total - first.seen;
  const each = [...after].map(([name, used]) => [name, (used - (before.get(name) ?? 0)) / counted]);
  return {
    messages: total,
    perSecond: (counted / (endMs - beginMs)) * 1_000,
    cpuMicros: Object.fromEntries(each) as Record<string, number>,
    rssBytes: (await highWaterBytes(relay.pid)) ?? 0,
  };
}

/** Appends $2 rows over all lanes of the topics $1, in the order in which a reconciler writes them. */
export const FILL_OUTBOX = `
  insert into outbox (lane, position, ce_id, key, headers, payload, generation)
  select lane, position, id, id,
    json_build_object('ce_specversion', '1.0', 'ce_id', id, 'ce_type', 'latchkey.bench.filled.v1',
      'ce_source', 'urn:latchkey:bench', 'ce_subject', id, 'ce_time', '2026-01-01T00:00:00.000Z',
      'content-type', 'application/json', 'lk_generation', '1'),
    json_build_object('n', position, 'filling', $3::text), 1
  from (
    select lane, count(*) over () as lanes from outbox_lane where topic = any ($1) offset 0
  ) as own,
  generate_series(1, $2::integer) as n,
  lateral (select n as position, md5(lane || ' ' || n)::uuid as id) as rows
  where n <= $2::integer / lanes
  order by n, lane`;
