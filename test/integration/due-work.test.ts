import { identityIdOf, partitionOf } from '@latchkey/contracts';
import { reconcileDue } from '@latchkey/intake';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DueWorkWorld } from '../support/due-work-world.ts';
import { HR } from '../support/events.ts';
import { openIntakeHarness } from '../support/intake-harness.ts';

let world: DueWorkWorld;
beforeEach(async () => {
  world = await DueWorkWorld.open();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const TEN = Array.from({ length: 10 }, (_, index) => `p${index}`);

test('ten leavers of a bad release are disabled without help after it is rolled back', async () => {
  await world.leavers(TEN);
  await world.refuse('22003');
  expect(await reconcileDue(world.build('bad'))).toEqual({ tried: 3, failed: 3, isSlowed: true });
  expect(await reconcileDue(world.build('bad'))).toEqual({ tried: 0, failed: 0, isSlowed: true });
  expect(await world.lost()).toEqual([]);
  await world.accept();

  await world.allRounds(world.build('good'));

  expect(await world.disabled()).toEqual(TEN);
  expect(await world.work()).toEqual([]);
  const open = await world.database.query(
    "select from review where kind = 'clock_failed' and state = 'open'",
  );
  expect(open).toEqual([]);
});

test('another policy tries what failed at once, too', async () => {
  await world.leavers(['a']);
  await world.refuse('22003');
  expect(await world.round()).toEqual({ tried: 1, failed: 1, isSlowed: false });
  await world.accept();
  expect(await world.round()).toMatchObject({ tried: 0 });
  await using other = await openIntakeHarness(world.database, (yaml) =>
    yaml.replaceAll('urn:example:contractors', 'urn:example:agency'),
  );
  expect(other.policy.hash).not.toBe(world.harness.policy.hash);

  expect(await reconcileDue(other)).toEqual({ tried: 1, failed: 0, isSlowed: false });
  expect(await world.disabled()).toEqual(['a']);
});

test('two releases that both fail do not try an item in turn without a pause', async () => {
  await world.leavers(['a']);
  await world.refuse('22003');
  for (const name of ['old', 'new']) {
    expect(await reconcileDue(world.build(name))).toMatchObject({ tried: 1, failed: 1 });
  }
  for (const name of ['old', 'new']) {
    expect(await reconcileDue(world.build(name))).toMatchObject({ tried: 0 });
  }
  expect(await world.work()).toMatchObject([{ attempt: 2 }]);
});

test('poison that always throws comes again after the others, and never blocks them', async () => {
  await world.leavers(['poison', 'a', 'b']);
  await world.refuse('22003', "new.user_name = 'poison'");
  expect(await world.round()).toEqual({ tried: 3, failed: 1, isSlowed: false });
  expect(await world.disabled()).toEqual(['a', 'b']);
  for (const [at, next] of ['c', 'd', 'e'].entries()) {
    await world.leavers([next]);
    await world.later();
    expect(await world.round()).toEqual({ tried: 1, failed: 0, isSlowed: false });
    expect(await world.round()).toEqual({ tried: 1, failed: 1, isSlowed: false });
    expect(await world.work()).toMatchObject([
      { attempt: at + 2, cause: 'storing it failed with SQLSTATE 22003' },
    ]);
  }
  expect(await world.disabled()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(await world.lost()).toEqual([]);
});

test('a mistake in our code about one person leaves the others decided, and the person comes again', async () => {
  const { outputs } = world.harness;
  const [first = 0] = outputs.lanes.access;
  // The second partition has no lane: writing the messages of its keys throws.
  const access = Object.assign(new Array<number>(2), [first]);
  const people = ['a', 'b', 'c', 'd'];
  const broken = people.filter((one) => partitionOf(identityIdOf(HR, one), 2) === 1).slice(0, 2);
  const sound = people.filter((one) => partitionOf(identityIdOf(HR, one), 2) === 0);
  expect([broken.length > 0, sound.length > 0]).toEqual([true, true]);
  await world.leavers([...broken, ...sound]);
  const lanes = { ...outputs.lanes, access };
  await reconcileDue({ ...world.harness, outputs: { ...outputs, lanes } });
  expect(await world.disabled()).toEqual(sound);
  expect(await world.work()).toMatchObject(
    broken.map(() => ({ cause: 'deciding failed with RangeError' })),
  );
});

test.each(['25P03', '25P04', '57014', '22012', '23503'])(
  'a batch that fails with %s is decided one by one',
  async (code) => {
    await world.leavers(['poison', 'a']);
    await world.refuse(code, "new.user_name = 'poison'");
    expect(await world.round()).toEqual({ tried: 2, failed: 1, isSlowed: false });
    expect(await world.disabled()).toEqual(['a']);
    expect(await world.work()).toMatchObject([
      { cause: `storing it failed with SQLSTATE ${code}`, leased: false },
    ]);
  },
);

test('after an error of the system everything is given back, and counts as not tried', async () => {
  await world.leavers(['a', 'b']);
  await world.refuse('53100');
  await expect(world.round()).rejects.toThrow('poison');
  expect(await world.work()).toEqual([]);
  await world.accept();
  expect(await world.round()).toEqual({ tried: 2, failed: 0, isSlowed: false });

  await world.leavers(['c']);
  await world.refuse('22003');
  await world.round();
  await world.later();
  await world.refuse('53100');
  await expect(world.round()).rejects.toThrow('poison');
  expect(await world.work()).toMatchObject([{ attempt: 1, leased: false }]);
});
