/** The raw floor: the same consumer, one insert into a table, and one message per event. */
import { type InputTopic, type OutputTopic, partitionOf } from '@latchkey/contracts';
import type { Outputs } from '@latchkey/intake';
import {
  type ConsumedRecord,
  installKafkajsPatches,
  openAdmin,
  openKafka,
  type PartitionReading,
  runBatchConsumer,
} from '@latchkey/kafka';
import {
  appendOutbox,
  type Db,
  type OutboxMessage,
  openDatabase,
  type Statement,
  textColumn,
} from '@latchkey/postgres';
import {
  inputTopicNames,
  kafkaConnection,
  outputTopicNames,
  runService,
  type ServiceContext,
} from '@latchkey/runtime';
import { openOutputs } from '../../../services/reconciler/src/open-outputs.ts';
import {
  type ReconcilerSettings,
  reconcilerSettings,
} from '../../../services/reconciler/src/settings.ts';

interface RawColumns {
  readonly topic: string;
  readonly partition: number;
  readonly offsets: string;
  readonly keys: string;
  readonly values: string;
}

const appendRaw: Statement<RawColumns, object> = {
  name: 'bench_append_raw',
  text: `insert into bench_raw (topic, partition, "offset", key, value)
    select $1, $2::integer, * from unnest(string_to_array($3, E'\\x1f')::bigint[],
      string_to_array($4, E'\\x1f'), string_to_array($5, E'\\x1f'))`,
  parameters: ['topic', 'partition', 'offsets', 'keys', 'values'],
};

const OUTPUT_OF: Readonly<Record<InputTopic, OutputTopic>> = {
  'workforce-events': 'access',
  'verification-events': 'verifications',
};

await runService({ name: 'floor', settings: reconcilerSettings, run: consume });

async function consume(context: ServiceContext<ReconcilerSettings>): Promise<void> {
  const { settings, log, signal } = context;
  await using db = openDatabase({
    url: settings.DATABASE_URL,
    role: 'latchkey_reconciler',
    poolSize: settings.PARTITIONS_AT_ONCE + 1,
    applicationName: 'bench-floor',
    onConnectionLost: () => undefined,
  });
  installKafkajsPatches();
  const kafka = openKafka(kafkaConnection(settings, 'bench-floor'), log, signal);
  await using admin = await openAdmin(kafka);
  const names = outputTopicNames(settings);
  const partitions = settings.OUTPUT_PARTITIONS;
  const outputs = await openOutputs(db, admin, names, partitions, settings.INSTALLATION);
  const inputs = Object.entries(inputTopicNames(settings)).map(
    ([input, name]) => [name, input as InputTopic] as const,
  );
  const reading = readInto(db, outputs, new Map(inputs), settings.BATCH_MAX_EVENTS);
  const options = {
    groupId: settings.GROUP_ID,
    topics: inputs.map(([name]) => name),
    sessionTimeoutMs: settings.SESSION_TIMEOUT_SECONDS * 1_000,
    maxBytesPerPartition: settings.FETCH_PARTITION_BYTES,
    relocateMs: 1_000,
  };
  await runBatchConsumer(kafka, reading, options, log, signal);
}

function readInto(
  db: Db,
  outputs: Outputs,
  inputs: ReadonlyMap<string, InputTopic>,
  maxEvents: number,
): PartitionReading {
  return {
    locate: ({ logStart }) => Promise.resolve({ seekTo: logStart }),
    process: async ({ topic, partition, records }) => {
      const input = inputs.get(topic) ?? 'workforce-events';
      for (let at = 0; at < records.length; at += maxEvents) {
        const part = records.slice(at, at + maxEvents);
        await db.transaction(async (tx) => {
          const columns = {
            topic,
            partition,
            offsets: textColumn(part.map(({ offset }) => offset)),
            keys: textColumn(part.map(({ key }) => String(key))),
            values: textColumn(part.map(({ value }) => String(value))),
          };
          tx.finally(appendRaw, columns);
          appendOutbox(
            tx,
            part.map((record) => messageOf(record, input, partition, outputs)),
          );
          return Promise.resolve();
        });
      }
      return 'processed';
    },
    unreadable: ({ cause }) => Promise.reject(new Error(cause)),
  };
}

function messageOf(
  { key: bytes, value, offset, timestampMs }: ConsumedRecord,
  input: InputTopic,
  partition: number,
  outputs: Outputs,
): OutboxMessage {
  const key = String(bytes);
  const lanes = outputs.lanes[OUTPUT_OF[input]];
  const lane = lanes[partitionOf(key, lanes.length)];
  if (lane === undefined) throw new RangeError('no lane');
  const topic = input === 'workforce-events' ? 1 : 2;
  const ceId = `${hex(offset, 8)}-${hex(partition, 4)}-4000-8000-${hex(topic, 12)}`;
  return {
    lane,
    ceId,
    key,
    generation: 1n,
    payload: String(value),
    headers: {
      ce_specversion: '1.0',
      ce_id: ceId,
      ce_type: 'latchkey.bench.raw.v1',
      ce_source: `urn:latchkey:${outputs.installation}`,
      ce_subject: key,
      ce_time: new Date(timestampMs).toISOString(),
      'content-type': 'application/json',
      lk_generation: '1',
    },
  };
}

function hex(value: bigint | number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
