import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  binary,
  employee,
  hrEvent,
  inDays,
  type SentRecord,
  structured,
} from '../support/events.ts';
import { enabledAccess, knownPerson } from '../support/persons.ts';
import { openSystem, type TestSystem, totalsOf } from '../support/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem();
});
afterAll(async () => {
  await system.verify();
  await system[Symbol.asyncDispose]();
});

test('S13 same id, other content: the first wins, one conflict for each different content', async () => {
  const first = hrEvent('joined', 's13', 1, {
    startsAt: inDays(-9),
    attributes: employee('Sales'),
  });
  const data = { ...(first.data as object), attributes: employee('Finance') };
  const left = {
    ...first,
    type: 'latchkey.workforce.left.v1',
    data: { engagement: 'E-s13', endsAt: inDays(-1) },
  };
  await system.send(first);
  await system.settled();
  await system.send({ ...first, data }, left, { ...first, sourceversion: '2' }, { ...first, data });
  await system.settled();
  expect(enabledAccess(await knownPerson(system, 's13'))).toEqual({
    directory: ['everyone'],
    mail: ['mailbox'],
  });
  const conflicts = await system.database.query<{ count: string }>(
    'select count from conflict where event_id = $1 order by count',
    [`${first.source}#${first.id}`],
  );
  expect(conflicts.map(({ count }) => Number(count))).toEqual([1, 1, 2]);
});

test('S14 same id, other bytes: one applied, the others duplicates, through two reconcilers', async () => {
  const before = await totalsOf(system.database);
  const event = hrEvent('joined', 's14', 1, {
    startsAt: inDays(-9),
    attributes: employee('Sales'),
  });
  const second = await system.start('reconciler');
  const deliveries = Array.from({ length: 50 }, (_, index): SentRecord => {
    const shuffled = index % 2 === 0 ? event : reversed(event);
    const record = index % 3 === 0 ? binary(shuffled) : structured(shuffled);
    const value = index % 5 === 0 ? respaced(String(record.value)) : record.value;
    return { ...record, value, partition: index % 3 };
  });
  await system.sendRecords(deliveries.slice(0, 25));
  await second.end('SIGTERM');
  await system.sendRecords(deliveries.slice(25));
  await system.settled();
  const after = await totalsOf(system.database);
  expect(after.applied - before.applied).toBe(1);
  expect(after.duplicate - before.duplicate).toBe(49);
});

function reversed<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).reverse()) as T;
}

function respaced(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 3);
}

test('S16 a source out of bounds: nothing changes, and its neighbours are applied', async () => {
  const good = ['a', 'b'].map((name) =>
    hrEvent('joined', `s16-${name}`, 1, { startsAt: inDays(-9), attributes: employee('Sales') }),
  );
  const fromIvr = hrEvent(
    'left',
    's16-a',
    2,
    { endsAt: inDays(-1) },
    { source: 'urn:example:ivr' },
  );
  const unknown = hrEvent(
    'left',
    's16-a',
    2,
    { endsAt: inDays(-1) },
    { source: 'urn:example:who' },
  );
  const misplaced = structured(hrEvent('left', 's16-a', 2, { endsAt: inDays(-1) }));
  await system.sendRecords([
    structured(good[0] ?? fromIvr),
    structured(fromIvr),
    structured(unknown),
    { ...misplaced, topic: 'verification-events' },
    structured(good[1] ?? fromIvr),
  ]);
  await system.settled();
  for (const name of ['a', 'b']) {
    expect((await knownPerson(system, `s16-${name}`)).lifecycles).toEqual(['active']);
  }
  const letters = await system.database.query<{ code: string }>(
    'select code from dead_letter order by taken_at',
  );
  expect(letters.map(({ code }) => code)).toEqual([
    'SOURCE_NOT_ALLOWED',
    'SOURCE_NOT_ALLOWED',
    'SOURCE_NOT_ALLOWED',
  ]);
});
