import { familyOfInput, readDelivery } from '@latchkey/contracts';
import type { Tx } from '@latchkey/postgres';
import { processRequest } from '../../packages/intake/src/request/process-request.ts';
import type { ReadDelivery } from '../../packages/intake/src/steps/delivery.ts';
import type { DeliveryOutcome } from '../../packages/intake/src/steps/outcome.ts';
import { type Arrivals, transact } from '../../packages/intake/src/steps/transact.ts';
import type { SentEvent } from './events.ts';
import type { IntakeHarness } from './intake-harness.ts';

/** Processes events, of inputs of one family, in a transaction of the caller. Returns one outcome for each. */
export type Process = (
  harness: IntakeHarness,
  tx: Tx,
  events: readonly SentEvent[],
) => Promise<readonly DeliveryOutcome[]>;

/** All of them by one call of `transact`. */
export const processTogether: Process = (harness, tx, events) =>
  transact(tx, arrivalsOf(harness, events), harness);

/** One event as a request. */
export const processAsRequest: Process = async (harness, tx, events) => {
  const { family, deliveries } = arrivalsOf(harness, events);
  const [delivery, ...others] = deliveries;
  if (delivery === undefined || others.length > 0) throw new RangeError('expected one event');
  return [await processRequest(tx, { family, delivery }, harness, () => ({}))];
};

function arrivalsOf(harness: IntakeHarness, events: readonly SentEvent[]): Arrivals {
  const { topic, input, partition, deliveries } = harness.batchOf(events);
  return {
    family: familyOfInput(input),
    deliveries: deliveries.map((delivery): ReadDelivery => {
      const { offset } = delivery;
      return {
        delivery,
        origin: { kind: 'kafka', topic, partition, epoch: 0, offset },
        read: readDelivery(delivery, input, harness.policy.sources),
      };
    }),
    nowMs: Date.now(),
    retainedSinceMs: null,
  };
}
