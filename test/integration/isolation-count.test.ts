import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { type IntakeDesk, openIntakeDesk } from '../support/intake-desk.ts';

let database: TestDatabase;
let desk: IntakeDesk;
beforeEach(async () => {
  database = await createTestDatabase();
  desk = await openIntakeDesk(database);
  await database.query(`
    create function refuse_poison() returns trigger language plpgsql as $$
    begin raise exception 'poison' using errcode = '22003'; end $$;
    create trigger poison before insert on fact for each row
    when (new.engagement like 'E-poison%') execute function refuse_poison();`);
});
afterEach(async () => {
  await desk[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function joined(person: string): SentEvent {
  return hrEvent('joined', person, 1, { startsAt: inDays(-9), attributes: employee('Sales') });
}

test('an empty batch between poisons is no good event: the fourth of them stops the partition', async () => {
  const kinds: string[] = [];
  for (const person of ['poison-1', 'poison-2', 'poison-3', 'nobody', 'poison-4']) {
    const batch = desk.batchOf([joined(person)]);
    // What was there was compacted away, or belonged to a transaction that was aborted.
    const deliveries = person === 'nobody' ? [] : batch.deliveries;
    const taken = await desk.takeOrIsolate({ ...batch, deliveries });
    kinds.push(...taken.map(({ kind }) => kind));
  }

  expect(kinds).toEqual(['taken', 'taken', 'taken', 'taken', 'stop']);
});

test('a good event between poisons starts the count anew', async () => {
  const kinds: string[] = [];
  for (const person of ['poison-1', 'poison-2', 'poison-3', 'good', 'poison-4']) {
    for (const { kind } of await desk.takeOrIsolate(desk.batchOf([joined(person)]))) {
      kinds.push(kind);
    }
  }

  expect(kinds).toEqual(['taken', 'taken', 'taken', 'taken', 'taken']);
});
