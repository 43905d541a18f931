import { Kafka, logLevel } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { checkMessages } from '../support/checks.ts';
import { untilSame } from '../support/downstream.ts';
import { employee, hrEvent, inDays } from '../support/events.ts';
import { openOutbox } from '../support/outbox.ts';
import { spawnService } from '../support/process.ts';
import { killWhileWaiting } from '../support/relay-lock.ts';
import { openRestorable, type Restorable } from '../support/restorable.ts';
import { runLatchkey } from '../support/run-latchkey.ts';

const PEOPLE = 20;
const FIVE = { OUTPUT_PARTITIONS: '5' };

test('more partitions keep the order of each key, also of unpublished messages; old settings and old services are refused', async () => {
  await using latchkey = await openRestorable();
  const relay = await latchkey.start('relay');
  const reconciler = await latchkey.start('reconciler');
  await latchkey.send(...eventsOfAll(1));
  await latchkey.processed();
  await latchkey.published();
  await relay.end('SIGTERM');
  await latchkey.send(...eventsOfAll(2));
  await latchkey.processed();

  const done = await latchkey.run('relay', 'repartition', '--partitions', '5');

  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout).toMatch(/5 topics have 5 partitions; [1-9]\d* waiting messages moved/);
  // It uses the old number of partitions, and must not append.
  await latchkey.send(...eventsOfAll(3));
  expect(await reconciler.exited).toEqual({ code: 2, signal: null });
  expect(reconciler.output()).toContain('PARTITION_COUNT_DIFFERS');
  const old = await latchkey.spawn('relay');
  expect(await old.exited).toEqual({ code: 2, signal: null });

  await latchkey.spawn('relay', FIVE);
  await latchkey.spawn('reconciler', FIVE);
  await latchkey.processed();
  await untilSame(latchkey.database(), latchkey.messages);
  await latchkey.published();
  expectOrdered(latchkey);
  expect(new Set(latchkey.messages().map(({ partition }) => partition)).size).toBe(5);
});

test('a repartition that is killed between Kafka and the database is finished by the next one', async () => {
  await using latchkey = await openRestorable();
  await latchkey.start('relay');
  await latchkey.start('reconciler');
  await latchkey.send(...eventsOfAll(1));
  await latchkey.processed();
  await latchkey.published();
  await latchkey.backUp(); // ends the services
  const args = ['relay', 'repartition', '--partitions', '5'];

  await killWhileWaiting(latchkey.database(), 'select from output_state for update', () =>
    latchkey.spawn('operator', {}, ...args),
  );
  for (const env of [{}, FIVE]) {
    const between = await latchkey.spawn('relay', env);
    expect(await between.exited).toEqual({ code: 2, signal: null });
  }

  const fewer = await latchkey.run('relay', 'repartition', '--partitions', '4');
  expect(fewer.code).toBe(2);
  expect(fewer.stderr).toContain('has 5 in Kafka');
  expect(await latchkey.run(...args)).toMatchObject({ code: 0 });
  await latchkey.spawn('relay', FIVE);
  await latchkey.spawn('reconciler', FIVE);
  await latchkey.send(...eventsOfAll(2));
  await latchkey.processed();
  await untilSame(latchkey.database(), latchkey.messages);
  expectOrdered(latchkey);
  expect((await latchkey.run(...args)).stdout).toContain('nothing to do');
  expect(await latchkey.run('relay', 'repartition', '--partitions', '4')).toMatchObject({
    code: 2,
  });
});

test('the unpublished messages are limited before any change; later ones stay in their partition', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const { database, env } = outbox;
  const { access } = outbox.topics.names;
  const first = await outbox.start();
  await outbox.append('access', 5);
  await outbox.publishedOnce(['access']);
  await first.end('SIGTERM');
  const backlog = () => database.query(APPEND_TO_FIRST, [access, 20_001]);
  await backlog();
  const args = ['relay', 'repartition', '--partitions', '5'];

  const refused = await runLatchkey(env, ...args);

  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('OUTBOX_NOT_DRAINED');
  expect(await partitionsOf(access)).toBe(3);

  await database.query('delete from outbox where position > 5');
  await killWhileWaiting(database, 'select from output_state for update', () =>
    spawnService('operator', { env, args }),
  );
  expect(await partitionsOf(access)).toBe(5);
  await backlog();
  await outbox.append('access', 10);
  // Relays have not been able to publish any of it.
  const done = await runLatchkey(env, ...args, '--json');
  expect(JSON.parse(done.stdout)).toMatchObject({ moved: 20 });
  await outbox.start(FIVE);
  expect(await outbox.publishedOnce(['access'])).toHaveLength(15 + 20_001 + 30);
});

/** Appends $2 rows to the first lane of the topic $1. */
const APPEND_TO_FIRST = `
  insert into outbox (lane, position, ce_id, key, headers, payload, generation)
  select lane, 5 + n, id, id,
    json_build_object('ce_id', id, 'ce_type', 'test', 'lk_generation', '1'), '{}', 1
  from outbox_lane, generate_series(1, $2::integer) as n,
  lateral (select md5('first' || n)::uuid as id) as ids
  where topic = $1 and partition = 0`;

async function partitionsOf(topic: string): Promise<number | undefined> {
  const admin = new Kafka({ brokers: [...inject('brokers')], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.disconnect();
  return topics[0]?.partitions.length;
}

function eventsOfAll(revision: number) {
  return Array.from({ length: PEOPLE }, (_, n) =>
    revision === 1
      ? hrEvent('joined', `q${n}`, 1, { startsAt: inDays(-9), attributes: employee('Sales') })
      : hrEvent('moved', `q${n}`, revision, {
          effectiveAt: inDays(-3),
          attributes: { department: `Department ${revision}` },
        }),
  );
}

/** Expects contiguous positions in every partition, and no duplicate message. */
function expectOrdered({ messages }: Restorable): void {
  const checks = checkMessages(messages()).filter(({ name }) => !name.includes('generation'));
  for (const { name, found, holds } of checks) expect(holds, `${name}: ${found}`).toBe(true);
}
