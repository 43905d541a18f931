import { locate } from '@latchkey/intake';
import { listMisplaced, openDatabase, stopPartition } from '@latchkey/postgres';
import { expect, test } from 'vitest';
import { acceptFinding } from '../support/accept-finding.ts';
import { createTestDatabase } from '../support/database.ts';
import { hrEvent, inDays } from '../support/events.ts';
import { openIntakeHarness } from '../support/intake-harness.ts';

const PLACE = { topic: 'latchkey.workforce-events.v1', partition: 0 };

test('reading starts at the start of the log, later at the last processed record', async () => {
  await using database = await createTestDatabase();
  await using harness = await openIntakeHarness(database);
  expect(await locate(harness.db, { ...PLACE, logStart: 0n, logEnd: 9n })).toEqual({
    kind: 'at',
    offset: 0n,
  });
  await harness.process(
    [1, 2, 3].map((n) => hrEvent('joined', `p${n}`, 1, { startsAt: inDays(-1), attributes: {} })),
  );
  expect(await locate(harness.db, { ...PLACE, logStart: 0n, logEnd: 9n })).toEqual({
    kind: 'at',
    offset: 2n,
  });
  expect(await locate(harness.db, { ...PLACE, logStart: 3n, logEnd: 9n })).toEqual({
    kind: 'at',
    offset: 3n,
  });
});

test('a log that ends before the position stops the partition when it is found twice', async () => {
  await using database = await createTestDatabase();
  await using harness = await openIntakeHarness(database);
  await harness.process([hrEvent('joined', 'a', 1, { startsAt: inDays(-1), attributes: {} })]);
  const log = { ...PLACE, logStart: 0n, logEnd: 0n };
  expect(await locate(harness.db, log)).toEqual({ kind: 'doubtful', position: 1n });
  // The position has moved since: the previous owner of the partition was still processing.
  await harness.process([hrEvent('joined', 'b', 1, { startsAt: inDays(-1), attributes: {} })]);
  expect(await locate(harness.db, log, 1n)).toEqual({ kind: 'doubtful', position: 2n });
  expect(await locate(harness.db, log, 2n)).toMatchObject({
    kind: 'stopped',
    code: 'LOG_ENDS_BEFORE',
  });
});

test('a log that starts after the position stops the partition until it is accepted', async () => {
  await using database = await createTestDatabase();
  await using harness = await openIntakeHarness(database);
  await harness.process([hrEvent('joined', 'a', 1, { startsAt: inDays(-1), attributes: {} })]);
  const log = { ...PLACE, logStart: 5n, logEnd: 9n };
  expect(await locate(harness.db, log)).toMatchObject({
    kind: 'stopped',
    code: 'LOG_STARTS_AFTER',
  });
  expect(await locate(harness.db, { ...log, logStart: 0n })).toMatchObject({ kind: 'stopped' });
  await using operator = openDatabase({
    url: database.url,
    role: 'latchkey_operator',
    poolSize: 1,
    applicationName: 'test',
    onConnectionLost: () => undefined,
  });
  await acceptFinding(operator, PLACE, { nextOffset: 5n });
  expect(await locate(harness.db, log)).toEqual({ kind: 'at', offset: 5n });
});

test('a finding of a process that is behind does not stop the partition', async () => {
  await using database = await createTestDatabase();
  await using harness = await openIntakeHarness(database);
  await harness.process([hrEvent('joined', 'a', 1, { startsAt: inDays(-1), attributes: {} })]);
  await harness.db.run(stopPartition, {
    ...PLACE,
    offset: 0n,
    code: 'APPLY_FAILING',
    detail: 'zombie',
  });
  expect(await locate(harness.db, { ...PLACE, logStart: 0n, logEnd: 9n })).toMatchObject({
    kind: 'at',
  });
});

test('a reader is misplaced when it is after the position, or there is no position, or the partition is stopped', async () => {
  await using database = await createTestDatabase();
  await using harness = await openIntakeHarness(database);
  const event = (id: string) => hrEvent('joined', id, 1, { startsAt: inDays(-1), attributes: {} });
  await harness.process([event('a'), event('b')]);
  const places = [1n, 2n, 3n].map((nextOffset) => ({ ...PLACE, nextOffset }));
  const unread = { ...PLACE, partition: 7, nextOffset: 0n };
  expect(await listMisplaced(harness.db, [...places, unread])).toEqual([
    PLACE,
    { ...PLACE, partition: 7 },
  ]);
  await harness.db.run(stopPartition, {
    ...PLACE,
    offset: 2n,
    code: 'LOG_DIFFERS',
    detail: 'test',
  });
  expect(await listMisplaced(harness.db, places.slice(0, 1))).toEqual([PLACE]);
});
