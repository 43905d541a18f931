import { readFileSync } from 'node:fs';
import { readDelivery } from '@latchkey/contracts';
import { EXAMPLE_POLICY_URL, loadPolicy } from '@latchkey/domain';
import type { BatchDelivery } from '@latchkey/intake';
import { expect, test } from 'vitest';
import { employee, hrEvent, inDays, type SentRecord, structured } from '../../../support/events.ts';
import { claimedOf, inboxMessage } from './peer-message.ts';

const { sources } = loadPolicy(readFileSync(EXAMPLE_POLICY_URL, 'utf8'));
const place = { topic: 'in', partition: 3 };

function deliveryOf({ key, value, headers = {} }: SentRecord): BatchDelivery {
  return {
    offset: 7n,
    takenAtMs: 1_000,
    key: Buffer.from(String(key)),
    value: value === null ? null : Buffer.from(value),
    headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(String(text))]),
  };
}

/** A round trip through its inbox, whose payload is JSON. */
function throughInbox(delivery: BatchDelivery): ReturnType<typeof claimedOf> {
  const read = readDelivery(delivery, 'workforce-events', sources);
  const message = inboxMessage(place, delivery, read, 'by-subject');
  const payload = JSON.parse(JSON.stringify(message.payload)) as unknown;
  return claimedOf({ payload });
}

test('an event survives a round trip through the inbox of the peer', () => {
  const event = hrEvent('joined', 'ada', 1, {
    startsAt: inDays(-3),
    attributes: employee('Sales'),
  });
  const delivery = deliveryOf(structured(event));
  const read = readDelivery(delivery, 'workforce-events', sources);
  const { one, result } = throughInbox(delivery);
  expect(one.origin).toMatchObject({ ...place, offset: 7n });
  expect(result).toEqual({
    kind: 'claimed',
    event: read.kind === 'event' ? read.event : undefined,
  });
  expect(one.delivery.takenAtMs).toBe(1_000);
});

test('a delivery that becomes a dead letter survives the round trip, with its bytes', () => {
  const delivery = deliveryOf({ topic: 'workforce-events', key: 'ada', value: 'no JSON' });
  const { one, result } = throughInbox(delivery);
  expect(one.delivery).toEqual(delivery);
  expect(result).toMatchObject({ kind: 'refused', rejection: { code: 'NOT_JSON' } });
});
