import { openAdmin } from '@latchkey/kafka';
import { acquireTopic } from '@latchkey/publication';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Alerts } from '../support/alerts/alerts.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { eventually } from '../support/eventually.ts';
import { connection, local, log } from '../support/kafka-clients.ts';
import { type ChildService, spawnService } from '../support/process.ts';
import { openSystem, type TestSystem } from '../support/system.ts';

/** Each alert of docs/operations.md about outputs: false before a real failure, and true after it. */

const TAKEOVERS = 'latchkey_relay_takeovers_total';

let system: TestSystem;
let relay: ChildService;
let alerts: Alerts;
beforeAll(async () => {
  system = await openSystem({ partitions: 1 });
  relay = system.relay();
  // One scrape target, whichever process serves it.
  alerts = await Alerts.open(() => [{ address: relay.address, instance: 'relay' }]);
  const counts = () => alerts.values(TAKEOVERS);
  await eventually('takeovers', counts, (seen) => seen.join() === '1,1,1,1,1');
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await system[Symbol.asyncDispose]();
});

function joiner(person: string): SentEvent {
  return hrEvent('joined', person, 1, { startsAt: inDays(-9), attributes: employee('Sales') });
}

/** Fences the relay of the topic, as a second relay of an older version would. */
async function fence(topic: string): Promise<void> {
  await using admin = await openAdmin(local());
  await using _producer = await acquireTopic({ kafkaSettings: connection(), admin, log }, topic);
}

test('takeovers: another relay fences the topic repeatedly', async () => {
  const topic = system.topics.names.access;
  expect(await alerts.fires('takeovers')).toBe(false);
  let sent = 0;
  await expect
    .poll(async () => {
      await fence(topic);
      // It notices when it publishes.
      await system.send(joiner(`fenced${sent}`));
      sent += 1;
      const [count = 0] = await alerts.values(TAKEOVERS, { topic });
      return count;
    })
    .toBeGreaterThan(4);
  expect(await alerts.fires('takeovers')).toBe(true);
});

test('outbox lag: there is no relay, then a gap in the outbox', async () => {
  const { query } = system.database;
  await system.settled();
  await expect.poll(() => alerts.fires('outbox lag')).toBe(false);
  const topic = system.topics.names.access;
  await relay.end('SIGKILL');
  // Counting ends only now: the relay acquires the topic again after the last fence.
  const [row] = await query<{ takeovers: number }>(
    'select takeovers::integer from relay_topic where topic = $1',
    [topic],
  );
  expect(await alerts.fires('outbox lag')).toBe(true);

  await system.send(joiner('a'), joiner('b'), joiner('c'), joiner('d'), joiner('e'), joiner('f'));
  const unpublished = `
    select lane, position from outbox left join relay_position using (lane)
    where position > coalesce(published_through, 0)`;
  await expect.poll(async () => (await query(unpublished)).length).toBeGreaterThan(15);
  await query(`
    with first as (select lane, min(position) as position from (${unpublished}) as own group by lane)
    delete from outbox using first
    where outbox.lane = first.lane and outbox.position = first.position`);
  relay = await spawnService('relay', { env: system.env });
  await expect.poll(() => relay.output()).toContain('RELAY_ROW_MISSING');
  await expect.poll(() => alerts.fires('outbox lag')).toBe(false);
  await query("update outbox set appended_at = appended_at - interval '61 seconds'");
  await expect.poll(() => alerts.fires('outbox lag')).toBe(true);
  // The counter continues in another process.
  expect(await alerts.values(TAKEOVERS, { topic })).toEqual([row?.takeovers]);
});
