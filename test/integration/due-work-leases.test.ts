import { ROUND_LIMITS, reconcileDue } from '@latchkey/intake';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DueWorkWorld } from '../support/due-work-world.ts';
import { openIntakeHarness } from '../support/intake-harness.ts';
import { nameOf, wrappedClient } from '../support/wrapped-client.ts';

let world: DueWorkWorld;
beforeEach(async () => {
  world = await DueWorkWorld.open();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** A process that dies once its items are leased: nothing of it reaches the database any more. */
async function dieLeasing(leaseMs: number): Promise<void> {
  let isDead = false;
  await using dying = await openIntakeHarness(world.database, undefined, {
    Client: wrappedClient((query) => async (config, values) => {
      isDead ||= nameOf(config) === 'lock_leased_identities';
      if (isDead) throw Object.assign(new Error('dead'), { code: 'ECONNRESET' });
      return query(config, values);
    }),
  });
  await expect(reconcileDue(dying, { ...ROUND_LIMITS, leaseMs })).rejects.toThrow();
}

test('what a dead process has leased is left alone until its lease runs out, and decided then', async () => {
  await world.leavers(['a', 'b']);
  await dieLeasing(600_000);
  expect(await world.work()).toMatchObject([
    { attempt: 1, leased: true },
    { attempt: 1, leased: true },
  ]);
  expect(await world.round()).toMatchObject({ tried: 0 });
  await world.later();

  expect(await world.round()).toEqual({ tried: 1, failed: 0, isSlowed: false });
  expect(await world.round()).toEqual({ tried: 1, failed: 0, isSlowed: false });
  expect(await world.disabled()).toEqual(['a', 'b']);
  expect(await world.work()).toEqual([]);
});

test('an item that kills its process is tried alone, later each time, and others are decided', async () => {
  await world.leavers(['killer']);
  await dieLeasing(1);
  await expect
    .poll(() => world.database.query('select from due_work where lease_until < now()'))
    .toHaveLength(1);
  await dieLeasing(1);
  expect(await world.work()).toMatchObject([{ attempt: 2 }]);
  expect(
    await world.database.query("select from due_work where retry_at > now() + interval '5 s'"),
  ).toHaveLength(1);
  await world.leavers(['a']);
  expect(await world.round()).toEqual({ tried: 1, failed: 0, isSlowed: false });
  expect(await world.disabled()).toEqual(['a']);
  expect(await world.round()).toMatchObject({ tried: 0 });
  // Another release does not wait for the item that has ended this one.
  await world.allRounds(world.build('another'));
  expect(await world.disabled()).toEqual(['a', 'killer']);
});
