/**
 * The naive consumer: unpatched kafkajs with its defaults, `eachMessage`, one event per transaction. It writes the
 * same tables with the same functions, which favours it: its statements are prepared and pipelined, too.
 */
import type { InputTopic } from '@latchkey/contracts';
import { locate, openPolicy, processBatch } from '@latchkey/intake';
import { installKafkajsPatches, openAdmin, openKafka, readLogOffsets } from '@latchkey/kafka';
import { openDatabase } from '@latchkey/postgres';
import {
  inputTopicNames,
  kafkaConnection,
  outputTopicNames,
  runService,
  type ServiceContext,
} from '@latchkey/runtime';
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { openOutputs } from '../../../services/reconciler/src/open-outputs.ts';
import {
  type ReconcilerSettings,
  reconcilerSettings,
} from '../../../services/reconciler/src/settings.ts';
import { deliveryOf } from './delivery-of.ts';

await runService({ name: 'naive', settings: reconcilerSettings, run: consume });

async function consume(context: ServiceContext<ReconcilerSettings>): Promise<void> {
  const { settings, log, signal } = context;
  installKafkajsPatches();
  const inputs = inputTopicNames(settings);
  const policy = await openPolicy(undefined);
  await using db = openDatabase({
    url: settings.DATABASE_URL,
    role: 'latchkey_reconciler',
    poolSize: 2,
    applicationName: 'bench-naive',
    onConnectionLost: () => undefined,
  });
  await using admin = await openAdmin(openKafka(kafkaConnection(settings, 'bench'), log, signal));
  const names = outputTopicNames(settings);
  const partitions = settings.OUTPUT_PARTITIONS;
  const outputs = await openOutputs(db, admin, names, partitions, settings.INSTALLATION);
  for (const topic of Object.values(inputs)) {
    for (const [partition, { start, end }] of await readLogOffsets(admin, topic)) {
      await locate(db, { topic, partition, logStart: start, logEnd: end });
    }
  }
  const byName = new Map(
    Object.entries(inputs).map(([input, name]) => [name, input as InputTopic]),
  );
  const handle = async (topic: string, partition: number, message: KafkaMessage): Promise<void> => {
    const input = byName.get(topic);
    if (input === undefined) throw new RangeError(`${topic} is not an input`);
    const delivery = deliveryOf(message);
    const { offset } = delivery;
    const at = { topic, input, partition, fetchedOffset: offset, nextOffset: offset + 1n };
    const batch = { ...at, deliveries: [delivery] };
    const outcome = await processBatch({ db, policy, outputs, build: 'bench' }, batch);
    if (outcome.kind !== 'processed') throw new Error(`not processed, but ${outcome.kind}`);
  };
  const kafka = new Kafka({ brokers: [...settings.KAFKA_BROKERS], logLevel: logLevel.WARN });
  const consumer = kafka.consumer({ groupId: settings.GROUP_ID });
  await consumer.connect();
  await consumer.subscribe({ topics: [...byName.keys()], fromBeginning: true });
  await consumer.run({
    eachMessage: ({ topic, partition, message }) => handle(topic, partition, message),
  });
  const { promise: stopped, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => {
    resolve(undefined);
  });
  await stopped;
  await consumer.disconnect();
}
