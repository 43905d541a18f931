import { afterAll, beforeAll, expect, test } from 'vitest';
import { Alerts } from '../support/alerts/alerts.ts';
import { employee, hrEvent, inDays } from '../support/events.ts';
import { runLatchkey } from '../support/run-latchkey.ts';
import { openSystem, type TestSystem } from '../support/system.ts';

/** Each alert of docs/operations.md about due work: false before a real failure, and true after it. */

const ALERTS = ['due work overdue', 'due work fails', 'due work slowed'];

let system: TestSystem;
let alerts: Alerts;
beforeAll(async () => {
  system = await openSystem({ partitions: 1 });
  alerts = await Alerts.open(() => [system.reconciler()]);
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

async function firing(): Promise<readonly string[]> {
  await alerts.scrape();
  return ALERTS.filter((name) => alerts.firing(name).length > 0);
}

test('three people cannot be decided when they are due, until the database accepts it', async () => {
  const { query } = system.database;
  const data = { startsAt: inDays(-9), attributes: employee('Sales') };
  await system.send(...['a', 'b', 'c'].map((person) => hrEvent('joined', person, 1, data)));
  await system.settled();
  await expect.poll(() => alerts.values('latchkey_work_due')).toEqual([0, 0]);
  expect(await firing()).toEqual([]);

  await query(`
    create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'refused' using errcode = '22003'; end $$;
    create trigger refuse before update on identity for each row
    when (new.derived_at <> old.derived_at) execute function refuse();
    update identity set next_transition_at = now() - interval '1 hour'`);
  await expect.poll(firing).toEqual(ALERTS);
  const listed = await runLatchkey(system.env, 'work', 'list', '--kind', 'clock', '--json');
  expect(listed.stdout.split('\n').filter(Boolean)).toHaveLength(3);
  expect((await runLatchkey(system.env, 'status')).stdout).toContain('! clock: one item a minute');

  await query('drop trigger refuse on identity');
  const operator = { ...system.env, OPERATOR: 'grace' };
  const retried = await runLatchkey(operator, 'work', 'retry', '--all');
  expect(retried.stdout.match(/comes again now/g)).toHaveLength(3);
  const missing = await runLatchkey(operator, 'work', 'retry', 'nobody', '--kind', 'clock');
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('NOT_FOUND') as string,
  });
  await expect.poll(firing).toEqual([]);
  expect(await query('select from due_work')).toEqual([]);
});
