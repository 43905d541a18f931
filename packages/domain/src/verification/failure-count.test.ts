import { expect, test } from 'vitest';
import { failureKeyOf, failureKeysOf } from './failure-count.ts';
import { opened, openStore, requested, verdict } from './store.test-support.ts';

const person = { source: 'urn:example:hr', externalId: 'E1' };
const SUBJECT = 'urn:example:hr#E1';
const purpose = 'helpdesk-reset';

test('the counters to lock are those of the known request, else of each request in the batch', () => {
  const store = openStore();
  const asked = [requested({ purpose, person }), requested(), requested(), verdict()];
  const events = asked.map(({ event }) => event);

  expect(failureKeysOf(undefined, events)).toEqual([
    { subject: SUBJECT, purpose },
    { subject: 'verification#v', purpose: 'callback' },
  ]);
  expect(failureKeyOf(undefined, verdict().event)).toBeUndefined();

  store.process(requested({ purpose, person }));
  expect(failureKeysOf(store.verification(), events)).toEqual([{ subject: SUBJECT, purpose }]);
});

test('a verification that is final needs no counter', () => {
  const store = openStore();
  store.processBatch([requested({ purpose, person }), opened(), verdict({ method: 'pin' })]);

  expect(failureKeysOf(store.verification(), [verdict().event, requested().event])).toEqual([]);
});
