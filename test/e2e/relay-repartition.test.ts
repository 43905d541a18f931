import { expect, test } from 'vitest';
import { checkMessages } from '../support/checks.ts';
import { untilSame } from '../support/downstream.ts';
import { employee, hrEvent, inDays } from '../support/events.ts';
import { killWhileWaiting } from '../support/relay-lock.ts';
import { openRestorable, type Restorable } from '../support/restorable.ts';

const PEOPLE = 20;
const FIVE = { OUTPUT_PARTITIONS: '5' };

test('more partitions keep the order of each key, also of what waits; old settings and old services are refused', async () => {
  await using latchkey = await openRestorable();
  const relay = await latchkey.start('relay');
  const reconciler = await latchkey.start('reconciler');
  await latchkey.send(...everybody(1));
  await latchkey.taken();
  await latchkey.published();
  await relay.end('SIGTERM');
  await latchkey.send(...everybody(2));
  await latchkey.taken();

  const done = await latchkey.run('relay', 'repartition', '--partitions', '5');

  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout).toMatch(/5 topics have 5 partitions; [1-9]\d* waiting messages moved/);
  // It decides with the old number of partitions, and must not append.
  await latchkey.send(...everybody(3));
  expect(await reconciler.exited).toEqual({ code: 2, signal: null });
  expect(reconciler.output()).toContain('PARTITION_COUNT_DIFFERS');
  const old = await latchkey.spawn('relay');
  expect(await old.exited).toEqual({ code: 2, signal: null });

  await latchkey.spawn('relay', FIVE);
  await latchkey.spawn('reconciler', FIVE);
  await latchkey.taken();
  await untilSame(latchkey.database(), latchkey.messages);
  await latchkey.published();
  expectOrdered(latchkey);
  expect(new Set(latchkey.messages().map(({ partition }) => partition)).size).toBe(5);
});

test('a repartition that is killed between Kafka and the database is finished by the next one', async () => {
  await using latchkey = await openRestorable();
  await latchkey.start('relay');
  await latchkey.start('reconciler');
  await latchkey.send(...everybody(1));
  await latchkey.taken();
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

  expect(await latchkey.run(...args)).toMatchObject({ code: 0 });
  await latchkey.spawn('relay', FIVE);
  await latchkey.spawn('reconciler', FIVE);
  await latchkey.send(...everybody(2));
  await latchkey.taken();
  await untilSame(latchkey.database(), latchkey.messages);
  expectOrdered(latchkey);
  expect((await latchkey.run(...args)).stdout).toContain('nothing to do');
  expect(await latchkey.run('relay', 'repartition', '--partitions', '4')).toMatchObject({
    code: 2,
  });
});

function everybody(revision: number) {
  return Array.from({ length: PEOPLE }, (_, n) =>
    revision === 1
      ? hrEvent('joined', `q${n}`, 1, { startsAt: inDays(-9), attributes: employee('Sales') })
      : hrEvent('moved', `q${n}`, revision, {
          effectiveAt: inDays(-3),
          attributes: { department: `Department ${revision}` },
        }),
  );
}

/** Positions are contiguous in every partition, and no message came twice. */
function expectOrdered({ messages }: Restorable): void {
  const checks = checkMessages(messages()).filter(({ name }) => !name.includes('generation'));
  for (const { name, found, holds } of checks) expect(holds, `${name}: ${found}`).toBe(true);
}
