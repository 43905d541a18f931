import { type Kafka, openKafka } from '@latchkey/kafka';
import { openDatabase } from '@latchkey/postgres';
import { runService } from '@latchkey/runtime';
import type { Consumer, EachBatchHandler } from 'kafkajs';
import { runReconciler } from '../../../services/reconciler/src/run-reconciler.ts';
import { reconcilerSettings } from '../../../services/reconciler/src/settings.ts';
import { type QueryTaps, tappedClient } from './failpoint-client.ts';
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

/** The transaction of batches begins with the lock of their positions; any other passes no boundary. */
function batchTaps(): QueryTaps {
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

function withFailpoints(kafka: Kafka): Kafka {
  const original = kafka.consumer.bind(kafka);
  kafka.consumer = (config) => consumerWithFailpoints(original(config));
  return kafka;
}

function consumerWithFailpoints(consumer: Consumer): Consumer {
  const run = consumer.run.bind(consumer);
  const commitOffsets = consumer.commitOffsets.bind(consumer);
  consumer.run = (config) => {
    const { eachBatch } = config ?? {};
    if (config === undefined || eachBatch === undefined) return run(config);
    const handler: EachBatchHandler = async (fetched) => {
      // A fetch that failed is fetched again.
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

const Client = tappedClient(batchTaps);

await runService({
  name: 'reconciler',
  settings: reconcilerSettings,
  run: (context) =>
    runReconciler(context, {
      openDatabase: (options) => openDatabase({ ...options, Client }),
      openKafka: (...args) => withFailpoints(openKafka(...args)),
    }),
});
