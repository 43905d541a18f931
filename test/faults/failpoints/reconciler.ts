import { type Kafka, openKafka } from '@latchkey/kafka';
import { openDatabase } from '@latchkey/postgres';
import { runService } from '@latchkey/runtime';
import type { Consumer, EachBatchHandler } from 'kafkajs';
import { runReconciler } from '../../../services/reconciler/src/run-reconciler.ts';
import { reconcilerSettings } from '../../../services/reconciler/src/settings.ts';
import { createTappedClient, type QueryTaps } from './failpoint-client.ts';
import { createFailpoints } from './failpoints.ts';
import type { ReconcilerPoint } from './points.ts';

/** The reconciler with failpoints between itself and its servers. */

const failpoints = createFailpoints();

const SENDING: Readonly<Record<string, ReconcilerPoint>> = {
  lock_progress: 'parsed',
  lock_free_progress: 'parsed',
  lock_lanes: 'applied',
  commit: 'outbox-appended',
};
const SENT: Readonly<Record<string, ReconcilerPoint>> = { commit: 'commit-sent' };
const ANSWERED: Readonly<Record<string, ReconcilerPoint>> = {
  lock_progress: 'begun',
  lock_free_progress: 'begun',
  insert_claims: 'claimed',
  select_decision_moment: 'locked',
  commit: 'commit-acknowledged',
};

/** Only transactions of batches reach boundaries. They begin with the lock of their positions. */
function createBatchTaps(): QueryTaps {
  let inBatch = false;
  const pass = async (points: Readonly<Record<string, ReconcilerPoint>>, name: string) => {
    const point = points[name];
    return inBatch && point !== undefined ? failpoints.reached(point) : 'go';
  };
  return {
    waitsForAnswers: (name) => {
      const point = SENDING[name];
      return inBatch && point !== undefined && failpoints.isArmed(point);
    },
    sending: (name) => {
      if (name === 'begin') inBatch = false;
      if (SENDING[name] === 'parsed') inBatch = true;
      return pass(SENDING, name);
    },
    sent: (name) => pass(SENT, name),
    answered: (name) => pass(ANSWERED, name),
  };
}

function addFailpoints(kafka: Kafka): Kafka {
  const original = kafka.consumer.bind(kafka);
  kafka.consumer = (config) => addConsumerFailpoints(original(config));
  return kafka;
}

function addConsumerFailpoints(consumer: Consumer): Consumer {
  const run = consumer.run.bind(consumer);
  const commitOffsets = consumer.commitOffsets.bind(consumer);
  consumer.run = (config) => {
    const { eachBatch } = config ?? {};
    if (config === undefined || eachBatch === undefined) return run(config);
    const handler: EachBatchHandler = async (fetched) => {
      // After an error kafkajs fetches the batch again.
      if ((await failpoints.reached('fetched')) === 'go') await eachBatch(fetched);
    };
    return run({ ...config, eachBatch: handler });
  };
  consumer.commitOffsets = async (offsets) => {
    await commitOffsets(offsets);
    if ((await failpoints.reached('offsets-committed')) === 'error') throw new Error('injected');
  };
  return consumer;
}

const Client = createTappedClient(createBatchTaps);

await runService({
  name: 'reconciler',
  settings: reconcilerSettings,
  run: (context) =>
    runReconciler(context, {
      openDatabase: (options) => openDatabase({ ...options, Client }),
      openKafka: (...args) => addFailpoints(openKafka(...args)),
    }),
});
