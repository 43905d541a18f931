import { setTimeout } from 'node:timers/promises';
import { type InputTopic, readDelivery } from '@latchkey/contracts';
import type { Policy } from '@latchkey/domain';
import type { Outputs } from '@latchkey/intake';
import { type Batch, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { Pool } from 'pg';
import { executeTransaction, initializeMessageStorage } from 'pg-transactional-outbox';
import { deliveryOf } from '../delivery-of.ts';
import { connectionOf, listenerConfig } from './listener-config.ts';
import { peerLog } from './peer-log.ts';
import { inboxMessage, type Place } from './peer-message.ts';
import type { PeerSettings } from './settings.ts';

/** Context of the peer's consumer and handler. */
export interface Inbox {
  readonly settings: PeerSettings;
  readonly policy: Policy;
  readonly outputs: Outputs;
  /** Names of lanes. */
  readonly lanes: ReadonlyMap<number, { readonly topic: string; readonly partition: number }>;
  /** By topic name on the broker. */
  readonly inputs: ReadonlyMap<string, InputTopic>;
}

const PART_MAX_EVENTS = 500;
const ROOM_POLL_MS = 5;

/**
 * Stores deliveries in its inbox, many in one transaction, then commits the group's offsets. After a crash the inbox
 * recognises redeliveries.
 *
 * @param handled - number of events handled so far
 */
export async function storeDeliveries(
  { settings, policy, inputs }: Inbox,
  handled: () => number,
): Promise<AsyncDisposable> {
  const log = peerLog();
  const store = initializeMessageStorage(listenerConfig('inbox', settings), log);
  const pool = new Pool(connectionOf(settings, 4));
  pool.on('error', (error) => {
    console.error(error);
  });
  const room = createInboxLimit(settings.PEER_MAX_WAITING, handled);
  const kafka = new Kafka({ brokers: settings.KAFKA_BROKERS, logLevel: logLevel.ERROR });
  const consumer = kafka.consumer({ groupId: settings.GROUP_ID, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [...inputs.keys()], fromBeginning: true });

  const storePart = async (place: Place, part: readonly KafkaMessage[]): Promise<void> => {
    const input = inputs.get(place.topic);
    if (input === undefined) throw new RangeError(`${place.topic} is no input`);
    const messages = part.map(deliveryOf).map((delivery) => {
      const read = readDelivery(delivery, input, policy.sources);
      return inboxMessage(place, delivery, read, settings.PEER_INBOX_ORDER);
    });
    await room.wait(messages.length);
    await executeTransaction(await pool.connect(), (client) =>
      Promise.all(messages.map((message) => store(message, client))),
    );
  };
  const size = Math.min(PART_MAX_EVENTS, settings.PEER_MAX_WAITING);
  await consumer.run({
    partitionsConsumedConcurrently: 4,
    eachBatch: async (fetched) => {
      const { batch } = fetched;
      const { topic, partition } = batch;
      for (const part of partsOf(batch, size)) {
        await storePart({ topic, partition }, part);
        fetched.resolveOffset(part.at(-1)?.offset ?? '');
        await fetched.heartbeat();
      }
    },
  });
  return {
    [Symbol.asyncDispose]: async () => {
      room.close();
      await consumer.disconnect();
      await pool.end();
    },
  };
}

/** Limits the inbox: the peer's query for the next messages slows down as it grows. */
function createInboxLimit(
  maxWaiting: number,
  handled: () => number,
): { readonly wait: (count: number) => Promise<void>; readonly close: () => void } {
  let stored = 0;
  let isOpen = true;
  return {
    wait: async (count) => {
      while (isOpen && stored + count - handled() > maxWaiting) await setTimeout(ROOM_POLL_MS);
      stored += count;
    },
    close: () => {
      isOpen = false;
    },
  };
}

function* partsOf({ messages }: Batch, size: number): Generator<readonly KafkaMessage[]> {
  for (let at = 0; at < messages.length; at += size) yield messages.slice(at, at + size);
}
