import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import type { Stack } from '../../../tools/stack/stack.ts';
import type { Arena } from '../arena/arena.ts';
import type { Proxies } from '../proxy/proxies.ts';
import type { Random } from '../workload/random.ts';

/** What the nemesis can break. */
export interface NemesisTarget {
  readonly stack: Stack;
  readonly arena: Arena;
  readonly proxies: Proxies;
  readonly admin: Admin;
}

/** Injects one fault. Resolves when it has repaired what it broke. */
export type Fault = (target: NemesisTarget, random: Random) => Promise<void>;

/** Every kind of fault, by name. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  'process killed': async ({ arena }, random) => {
    const member = random.pick(arena.members);
    await member.process().end('SIGKILL');
    await member.restart();
  },
  'process stopped': async ({ arena }, random) => {
    const member = random.pick(arena.members);
    member.process().signal('SIGSTOP');
    await sleep(3_000 + random.below(7_000));
    member.process().signal('SIGCONT');
  },
  'backend terminated': ({ stack }, random) =>
    onServer(stack.databaseUrl, async (client) => {
      await client.query(
        `select pg_terminate_backend(pid) from (
          select pid from pg_stat_activity where application_name like 'latchkey-%'
          order by md5(pid::text || $1) limit 2) as victim`,
        [String(random.next())],
      );
    }),
  'backend killed': async ({ stack }, random) => {
    // The server also terminates all other sessions and recovers.
    await onServer(stack.databaseUrl, async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        "select pid from pg_stat_activity where application_name like 'latchkey-%'",
      );
      if (rows.length > 0) process.kill(random.pick(rows).pid, 'SIGKILL');
    });
  },
  'database crashed': async ({ stack }, random) => {
    await stack.stopDatabase('immediate');
    await sleep(random.below(3_000));
    await stack.startDatabase();
  },
  'database restarted': async ({ stack }) => {
    await stack.stopDatabase('fast');
    await stack.startDatabase();
  },
  'broker killed': async ({ stack }, random) => {
    const index = random.below(stack.brokers.length);
    await stack.killBroker(index);
    await sleep(random.below(3_000));
    await stack.startBroker(index);
  },
  'leaders moved': async ({ arena, admin }, random) => {
    const name = random.pick(Object.values(arena.topics.names));
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
    const { brokers } = await admin.describeCluster();
    const partitionAssignment = (topics[0]?.partitions ?? []).map(({ partitionId, leader }) => {
      const others = brokers.map(({ nodeId }) => nodeId).filter((id) => id !== leader);
      return { partition: partitionId, replicas: [...others, leader] };
    });
    await admin.alterPartitionReassignments({ topics: [{ topic: name, partitionAssignment }] });
  },
  'rebalance storm': async ({ arena }) => {
    for (let round = 0; round < 3; round += 1) {
      await joinAndLeave(arena);
    }
  },
  'write transaction left open': ({ stack }) =>
    onServer(stack.databaseUrl, async (client) => {
      await client.query('create table if not exists foreign_writes (at timestamptz)');
      await client.query('begin; insert into foreign_writes values (now())');
      await sleep(8_000);
      await client.query('rollback');
    }),
  'snapshot left open': ({ arena }) =>
    onServer(arena.database.url, async (client) => {
      await client.query('begin isolation level repeatable read; select count(*) from inbox');
      await sleep(10_000);
      await client.query('commit');
    }),
  'connection to the database cut': async ({ proxies }, random) => {
    proxies.database.cut((count) => random.below(count));
    await sleep(500);
  },
  'connection to a broker cut': async ({ proxies }, random) => {
    random.pick(proxies.brokers).cut((count) => random.below(count));
    await sleep(500);
  },
  'connection to a broker stalled': async ({ proxies }, random) => {
    random.pick(proxies.brokers).stall((count) => random.below(count), 4_000);
    await sleep(4_000);
  },
  'commit reply lost': async ({ proxies }) => {
    proxies.commits.loseNext();
    await sleep(1_000);
  },
  'produce acknowledgement lost': async ({ proxies }) => {
    proxies.produces.loseNext();
    await sleep(1_000);
  },
};

async function onServer(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // another fault may terminate it
  try {
    await client.connect();
    await work(client);
  } catch {
    // The server was unreachable: the fault had no effect.
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A foreign consumer joins the group of the reconcilers, is assigned partitions, reads nothing and leaves. */
async function joinAndLeave({ servers, env, topics }: Arena): Promise<void> {
  const kafka = new Kafka({ brokers: [...servers.brokers], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: env['GROUP_ID'] ?? '', sessionTimeout: 6_000 });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topics.names['workforce-events']] });
    await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
    await sleep(1_500);
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
}
