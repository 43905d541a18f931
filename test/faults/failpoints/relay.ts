import { acquireTransactionalProducer, type TransactionalProducer } from '@latchkey/kafka';
import { openDatabase } from '@latchkey/postgres';
import { runService } from '@latchkey/runtime';
import { runRelay } from '../../../services/relay/src/run-relay.ts';
import { relaySettings } from '../../../services/relay/src/settings.ts';
import { createTappedClient, type QueryTaps } from './failpoint-client.ts';
import { createFailpoints } from './failpoints.ts';
import type { RelayPoint } from './points.ts';

/** The relay with failpoints between itself and its servers. */

const failpoints = createFailpoints();

const ANSWERED: Readonly<Record<string, RelayPoint>> = {
  read_outbox: 'read',
  save_published_through: 'published-through-written',
};
/** Suffix of the topics whose producers have failpoints; empty: all. */
const TOPIC = process.env['FAILPOINT_TOPIC'] ?? '';
/** Time for a started request to reach the socket. */
const ON_THE_WIRE_MS = 3;

function createRelayTaps(): QueryTaps {
  return {
    waitsForAnswers: () => false,
    sending: () => Promise.resolve('go'),
    sent: () => Promise.resolve('go'),
    answered: async (name) => {
      const point = ANSWERED[name];
      return point === undefined ? 'go' : failpoints.reached(point);
    },
  };
}

async function pass(point: RelayPoint): Promise<void> {
  if ((await failpoints.reached(point)) === 'error') throw new Error(`injected at ${point}`);
}

function addFailpoints(producer: TransactionalProducer): TransactionalProducer {
  return {
    begin: (...args) => producer.begin(...args),
    send: async (...args) => {
      await producer.send(...args);
      await pass('produced');
    },
    sendOffsets: async (...args) => {
      await producer.sendOffsets(...args);
      await pass('offsets-sent');
    },
    commit: async () => {
      const committed = producer.commit();
      if (failpoints.isArmed('relay-commit-sent')) {
        committed.catch(() => undefined); // awaited below
        await new Promise((resolve) => setTimeout(resolve, ON_THE_WIRE_MS));
      }
      await pass('relay-commit-sent');
      await committed;
      await pass('relay-commit-acknowledged');
    },
    abort: () => producer.abort(),
    [Symbol.asyncDispose]: () => producer[Symbol.asyncDispose](),
  };
}

const Client = createTappedClient(createRelayTaps);

await runService({
  name: 'relay',
  settings: relaySettings,
  run: (context) =>
    runRelay(context, {
      openDatabase: (options) => openDatabase({ ...options, Client }),
      acquireProducer: async (...args) => {
        const [, { transactionalId }] = args;
        if (!transactionalId.endsWith(TOPIC)) return acquireTransactionalProducer(...args);
        await pass('acquiring');
        const producer = addFailpoints(await acquireTransactionalProducer(...args));
        await pass('acquired');
        return producer;
      },
    }),
});
