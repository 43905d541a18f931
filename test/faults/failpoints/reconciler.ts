import { type Kafka, openKafka } from '@latchkey/kafka';
import { openDatabase } from '@latchkey/postgres';
import { runService } from '@latchkey/runtime';
import type { Consumer, EachBatchHandler } from 'kafkajs';
import { runReconciler } from '../../../services/reconciler/src/run-reconciler.ts';
import { reconcilerSettings } from '../../../services/reconciler/src/settings.ts';
import { createTappedClient } from './failpoint-client.ts';
import { createFailpoints } from './failpoints.ts';
import { createReconcilerTaps } from './reconciler-taps.ts';

/** The reconciler with failpoints between itself and its servers. */

const failpoints = createFailpoints();

const Client = createTappedClient(() => createReconcilerTaps(failpoints));

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

await runService({
  name: 'reconciler',
  settings: reconcilerSettings,
  run: (context) =>
    runReconciler(context, {
      openDatabase: (options) => openDatabase({ ...options, Client }),
      openKafka: (...args) => addFailpoints(openKafka(...args)),
    }),
});
