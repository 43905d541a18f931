import { Kafka, logLevel } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { checkMessages } from '../support/checks.ts';
import { openOutbox } from '../support/outbox.ts';
import { runLatchkey } from '../support/run-latchkey.ts';

test('a hole in the outbox, and a last message that the topic has deleted, are mended', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const first = await outbox.start();
  await outbox.append('access', 5);
  await outbox.append('lifecycle', 5);
  await outbox.publishedOnce(['access', 'lifecycle']);
  await first.end('SIGTERM');
  await outbox.append('access', 5);
  await outbox.database.query(DELETE_POSITIONS, [outbox.topics.names.access, 7, 7]);
  await outbox.database.query(DELETE_POSITIONS, [outbox.topics.names.lifecycle, 4, 5]);
  // The one went back to there; of the other it was only not noted yet.
  await outbox.database.query(NOTE, [outbox.topics.names.lifecycle, 3]);
  await outbox.database.query(NOTE, [outbox.topics.names.access, 2]);
  await deleteRecords(outbox.topics.names.lifecycle);
  const before = (await outbox.read()).length;

  const done = await runLatchkey(outbox.env, 'relay', 'rebase', '--json');

  // Of 6, 8, 9 and 10 three have a new position, but all that wait are written anew.
  expect(JSON.parse(done.stdout)).toMatchObject({ epoch: 1, topics: 2, renumbered: 12 });
  await outbox.start();
  await outbox.append('lifecycle', 2);
  await expect.poll(async () => (await outbox.read()).length).toBe(before + 3 * (4 + 2));
  const check = checkMessages(await outbox.read()).find(({ name }) => name.includes('contiguous'));
  expect(check?.holds, check?.found).toBe(true);
});

test('a long history that the database has forgotten is looked through in the topic', async () => {
  await using outbox = await openOutbox(inject('brokers'));
  const first = await outbox.start();
  await outbox.append('access', 3_000, 10);
  await outbox.publishedOnce(['access']);
  await first.end('SIGTERM');
  const { access } = outbox.topics.names;
  await outbox.database.query(DELETE_POSITIONS, [access, 101, 3_000]);
  await outbox.database.query(NOTE, [access, 100]);
  await outbox.append('access', 50, 10);

  const done = await runLatchkey(outbox.env, 'relay', 'rebase', '--json');

  // The 50 of each lane bear the ids of what was published there, but say the same: that is common history.
  expect(JSON.parse(done.stdout)).toMatchObject({ epoch: 1, topics: 1, renumbered: 0 });
  await outbox.start();
  await outbox.append('access', 5, 10);
  const messages = await outbox.publishedOnce(['access']);
  expect(messages).toHaveLength(3 * 3_005);
});

const DELETE_POSITIONS = `
  delete from outbox using outbox_lane
  where outbox.lane = outbox_lane.lane and topic = $1 and position between $2 and $3`;

const NOTE = `
  update relay_position set published_through = $2 from outbox_lane
  where outbox_lane.lane = relay_position.lane and topic = $1`;

/** As the topic's retention does. */
async function deleteRecords(topic: string): Promise<void> {
  const admin = new Kafka({ brokers: [...inject('brokers')], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
  await admin.deleteTopicRecords({ topic, partitions });
  await admin.disconnect();
}
