import { locate } from '@latchkey/intake';
import { listMisplaced, openDatabase, stopPartition } from '@latchkey/postgres';
import { expect, test } from 'vitest';
import { acceptFinding } from '../support/accept-finding.ts';
import { createTestDatabase } from '../support/database.ts';
import { hrEvent, inDays } from '../support/events.ts';
import { openIntakeDesk } from '../support/intake-desk.ts';

const PLACE = { topic: 'latchkey.workforce-events.v1', partition: 0 };

test('reading starts where the log starts, then at the last record that was taken', async () => {
  await using database = await createTestDatabase();
  await using desk = await openIntakeDesk(database);
  expect(await locate(desk.db, { ...PLACE, logStart: 0n, logEnd: 9n })).toEqual({
    kind: 'at',
    offset: 0n,
  });
  await desk.take(
    [1, 2, 3].map((n) => hrEvent('joined', `p${n}`, 1, { startsAt: inDays(-1), attributes: {} })),
  );
  expect(await locate(desk.db, { ...PLACE, logStart: 0n, logEnd: 9n })).toEqual({
    kind: 'at',
    offset: 2n,
  });
  expect(await locate(desk.db, { ...PLACE, logStart: 3n, logEnd: 9n })).toEqual({
    kind: 'at',
    offset: 3n,
  });
});

test('a log that seems to end before the position is believed when it is found twice', async () => {
  await using database = await createTestDatabase();
  await using desk = await openIntakeDesk(database);
  await desk.take([hrEvent('joined', 'a', 1, { startsAt: inDays(-1), attributes: {} })]);
  const log = { ...PLACE, logStart: 0n, logEnd: 0n };
  expect(await locate(desk.db, log)).toEqual({ kind: 'doubtful', position: 1n });
  // The position has moved since: whoever had the partition before was still at work.
  await desk.take([hrEvent('joined', 'b', 1, { startsAt: inDays(-1), attributes: {} })]);
  expect(await locate(desk.db, log, 1n)).toEqual({ kind: 'doubtful', position: 2n });
  expect(await locate(desk.db, log, 2n)).toMatchObject({
    kind: 'stopped',
    code: 'LOG_ENDS_BEFORE',
  });
});

test('a log that starts after the position stops the partition until it is accepted', async () => {
  await using database = await createTestDatabase();
  await using desk = await openIntakeDesk(database);
  await desk.take([hrEvent('joined', 'a', 1, { startsAt: inDays(-1), attributes: {} })]);
  const log = { ...PLACE, logStart: 5n, logEnd: 9n };
  expect(await locate(desk.db, log)).toMatchObject({ kind: 'stopped', code: 'LOG_STARTS_AFTER' });
  expect(await locate(desk.db, { ...log, logStart: 0n })).toMatchObject({ kind: 'stopped' });
  await using operator = openDatabase({
    url: database.url,
    role: 'latchkey_operator',
    poolSize: 1,
    applicationName: 'test',
    onConnectionLost: () => undefined,
  });
  await acceptFinding(operator, PLACE, { nextOffset: 5n });
  expect(await locate(desk.db, log)).toEqual({ kind: 'at', offset: 5n });
});

test('a finding of somebody who is behind does not stop the partition', async () => {
  await using database = await createTestDatabase();
  await using desk = await openIntakeDesk(database);
  await desk.take([hrEvent('joined', 'a', 1, { startsAt: inDays(-1), attributes: {} })]);
  await desk.db.run(stopPartition, {
    ...PLACE,
    offset: 0n,
    code: 'APPLY_FAILING',
    detail: 'zombie',
  });
  expect(await locate(desk.db, { ...PLACE, logStart: 0n, logEnd: 9n })).toMatchObject({
    kind: 'at',
  });
});

test('a place is misplaced when it lies behind the position, or there is none, or it stands still', async () => {
  await using database = await createTestDatabase();
  await using desk = await openIntakeDesk(database);
  const event = (id: string) => hrEvent('joined', id, 1, { startsAt: inDays(-1), attributes: {} });
  await desk.take([event('a'), event('b')]);
  const places = [1n, 2n, 3n].map((nextOffset) => ({ ...PLACE, nextOffset }));
  const unread = { ...PLACE, partition: 7, nextOffset: 0n };
  expect(await listMisplaced(desk.db, [...places, unread])).toEqual([
    PLACE,
    { ...PLACE, partition: 7 },
  ]);
  await desk.db.run(stopPartition, { ...PLACE, offset: 2n, code: 'LOG_DIFFERS', detail: 'test' });
  expect(await listMisplaced(desk.db, places.slice(0, 1))).toEqual([PLACE]);
});
