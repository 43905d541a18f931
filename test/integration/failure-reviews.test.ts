import { reconcileDue, sweepVerifications } from '@latchkey/intake';
import { adoptParkedVerifications } from '@latchkey/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DueWorkWorld } from '../support/due-work-world.ts';
import { hrEvent, inDays } from '../support/events.ts';
import { asked, expire, opened } from '../support/sample-events.ts';
import { decideHandedOver, joined, moved, processBroken } from '../support/undecided.ts';

let world: DueWorkWorld;
beforeEach(async () => {
  world = await DueWorkWorld.open();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Some people have another review: their country is unknown. */
const ABOUT_FAILURES = "kind <> 'unknown_condition'";

function reviews(): Promise<unknown> {
  return world.database.query(
    `select kind, state from review where ${ABOUT_FAILURES} order by kind`,
  );
}

/** What was published about reviews, in its order. */
async function announced(): Promise<readonly string[]> {
  const rows = await world.database.query<{ said: string }>(
    `select concat_ws(' ', payload::json ->> 'kind', split_part(headers::json ->> 'ce_type', '.', 3),
       generation, payload::json ->> 'resolution') as said
     from outbox where headers::json ->> 'ce_type' like 'latchkey.review.%'
       and payload::json ->> 'kind' <> 'unknown_condition'
     order by (payload::json ->> 'kind'), position`,
  );
  return rows.map(({ said }) => said);
}

const UNDECIDED = ['identity_undecided opened 1', 'identity_undecided resolved 1 decided'];

test('an event that decides a person resolves the review of the events that could not be decided', async () => {
  await world.harness.process([joined('a')]);
  await processBroken(world.harness, [moved('a')]);
  expect(await reviews()).toEqual([{ kind: 'identity_undecided', state: 'open' }]);

  await world.harness.process([moved('a', 3)]);

  expect(await reviews()).toEqual([{ kind: 'identity_undecided', state: 'resolved' }]);
  expect(await announced()).toEqual(UNDECIDED);
});

test('the clock that decides a person resolves the review of the events that could not be decided', async () => {
  await world.harness.process([joined('a'), joined('b')]);
  await processBroken(world.harness, [moved('a')]);

  await decideHandedOver(world.harness);

  expect(await announced()).toEqual(UNDECIDED);
});

test('a person who cannot be decided again opens the same review again', async () => {
  await world.harness.process([joined('a')]);
  await processBroken(world.harness, [moved('a')]);
  await world.harness.process([moved('a', 3)]);
  await processBroken(world.harness, [moved('a', 4)]);
  expect(await announced()).toEqual([...UNDECIDED, 'identity_undecided opened 2']);
});

test('one decision resolves all reviews of a person, and none of another person', async () => {
  await world.leavers(['a', 'b']);
  await world.refuse('22003');
  expect(await world.round()).toMatchObject({ tried: 2, failed: 2 });
  await processBroken(world.harness, [moved('a', 3)]);
  await world.accept();
  await world.harness.process([hrEvent('left', 'a', 4, { engagement: 'E-a', endsAt: inDays(-2) })]);

  const open = await world.database.query(
    `select kind, external_id from review join identity on identity_id::text = subject
     where review.state = 'open'`,
  );
  expect(open).toEqual([{ kind: 'clock_failed', external_id: 'b' }]);
});

test('a person whom an older version has parked under another policy has no open review after the decision', async () => {
  await world.leavers(['a']);
  await world.refuse('22003');
  await world.round();
  await world.accept();
  // An older version has no due work.
  await world.database.query('delete from due_work');
  await world.database.query(
    `update due_work_pace set policy = 'older'; update review set review_id = gen_random_uuid()`,
  );
  await world.harness.process([hrEvent('left', 'a', 3, { engagement: 'E-a', endsAt: inDays(-2) })]);
  expect(await reviews()).toEqual([{ kind: 'clock_failed', state: 'resolved' }]);
});

const REPORTS = { topic: null, partitions: 0 };

async function unsettled(...ids: readonly string[]): Promise<void> {
  await world.harness.process(ids.flatMap((id) => [asked(id), opened(id)]));
  await expire(world.database, ids);
}

/** Attempts have a value that no code of ours writes, or have their own again. */
async function spoil(isSpoilt: boolean): Promise<void> {
  await world.database.query(
    isSpoilt
      ? `alter table verification_attempt add column kept text;
         update verification_attempt set kept = detail, detail = 'null'`
      : `update verification_attempt set detail = kept;
         alter table verification_attempt drop column kept`,
  );
}

async function sweep(): Promise<unknown> {
  const { tried, failed } = await sweepVerifications(world.harness, REPORTS);
  return { tried, failed };
}

function states(): Promise<unknown> {
  return world.database.query(
    'select verification_id as id, state from verification order by verification_id',
  );
}

test('a verification that an older version has parked is due again, expires, and its review is resolved', async () => {
  await unsettled('v1', 'v2');
  await spoil(true);
  expect(await sweep()).toEqual({ tried: 2, failed: 2 });
  await spoil(false);
  // As an older version has parked one: without a deadline and without due work, under its own policy.
  await world.database.query(`
    delete from due_work; delete from due_work_pace;
    update verification set next_deadline_at = null;
    update review set review_id = gen_random_uuid(), opened_at = now() - interval '1 hour';
    update review set state = 'resolved' where subject = 'v2'`);
  expect(await sweep()).toEqual({ tried: 0, failed: 0 });

  expect(await world.harness.db.run(adoptParkedVerifications, { limit: 10 })).toHaveLength(1);
  expect(await world.harness.db.run(adoptParkedVerifications, { limit: 10 })).toEqual([]);

  const [due] = await world.database.query<{ same: boolean }>(
    `select next_deadline_at = opened_at as same from verification
     join review on subject = verification_id where verification_id = 'v1'`,
  );
  expect(due).toEqual({ same: true });
  expect(await sweep()).toEqual({ tried: 1, failed: 0 });
  expect(await states()).toEqual([
    { id: 'v1', state: 'expired' },
    { id: 'v2', state: 'pending' },
  ]);
  expect(await world.database.query("select from review where state = 'open'")).toEqual([]);
  expect(await world.database.query('select from due_work')).toEqual([]);
});

test('at most as many verifications are adopted at once as the limit says', async () => {
  await unsettled('v1', 'v2', 'v3');
  await spoil(true);
  await sweep();
  await world.database.query(
    'delete from due_work; update verification set next_deadline_at = null',
  );
  for (const adopted of [2, 1, 0]) {
    expect(await world.harness.db.run(adoptParkedVerifications, { limit: 2 })).toHaveLength(
      adopted,
    );
  }
});

test('the next try of a verification that a report has settled meanwhile resolves its review', async () => {
  await unsettled('v1');
  await spoil(true);
  await sweep();
  await spoil(false);
  await world.database.query("update verification set state = 'verified', next_deadline_at = null");
  await world.later();
  expect(await sweep()).toEqual({ tried: 1, failed: 0 });
  expect(await announced()).toEqual(['sweep_failed opened 1', 'sweep_failed resolved 1 decided']);
  expect(await reconcileDue(world.harness)).toMatchObject({ tried: 0 });
});
