import { readFileSync } from 'node:fs';
import { readDelivery } from '@latchkey/contracts';
import { EXAMPLE_POLICY_URL, loadPolicy } from '@latchkey/domain';
import type { Delivery } from '@latchkey/intake';
import { expect, test } from 'vitest';
import { employee, hrEvent, inDays, type SentRecord, structured } from '../../../support/events.ts';
import { claimedOf, inboxMessage } from './peer-message.ts';

const { sources } = loadPolicy(readFileSync(EXAMPLE_POLICY_URL, 'utf8'));
const place = { topic: 'in', partition: 3 };

function deliveryOf({ key, value, headers = {} }: SentRecord): Delivery {
  return {
    offset: 7n,
    takenAtMs: 1_000,
    key: Buffer.from(String(key)),
    value: value === null ? null : Buffer.from(value),
    headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(String(text))]),
  };
}

/** Through its inbox, whose payload is JSON. */
function throughInbox(delivery: Delivery): ReturnType<typeof claimedOf> {
  const read = readDelivery(delivery, 'workforce-events', sources);
  const message = inboxMessage(place, delivery, read, 'by-subject');
  const payload = JSON.parse(JSON.stringify(message.payload)) as unknown;
  return claimedOf({ payload });
}

test('an event comes out of the inbox of the peer as it went in', () => {
  const event = hrEvent('joined', 'ada', 1, {
    startsAt: inDays(-3),
    attributes: employee('Sales'),
  });
  const delivery = deliveryOf(structured(event));
  const read = readDelivery(delivery, 'workforce-events', sources);
  const { events } = throughInbox(delivery);
  expect(events[0]?.origin).toMatchObject(place);
  expect(events).toHaveLength(1);
  expect(events[0]?.event).toEqual(read.kind === 'event' ? read.event : undefined);
  expect(events[0]?.delivery).toMatchObject({ offset: 7n, takenAtMs: 1_000 });
});

test('so does a delivery that becomes a dead letter, with its bytes', () => {
  const delivery = deliveryOf({ topic: 'workforce-events', key: 'ada', value: 'no JSON' });
  const { events, refused } = throughInbox(delivery);
  expect(events).toEqual([]);
  expect(refused[0]?.delivery).toEqual(delivery);
  expect(refused[0]?.rejection.code).toBe('NOT_JSON');
});
