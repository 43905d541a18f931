import type { InputTopic } from '@latchkey/contracts';
import { openPolicy } from '@latchkey/intake';
import { openAdmin, silenceTimerWarnings } from '@latchkey/kafka';
import { listLanes, openDatabase } from '@latchkey/postgres';
import {
  inputTopicNames,
  outputTopicNames,
  runService,
  type ServiceContext,
} from '@latchkey/runtime';
import { Kafka, logLevel } from 'kafkajs';
import { openOutputs } from '../../../../services/reconciler/src/open-outputs.ts';
import { openInbox } from './run-inbox.ts';
import { openOutbox } from './run-outbox.ts';
import { type PeerSettings, peerSettings } from './settings.ts';
import type { Inbox } from './store-deliveries.ts';

/** `pg-transactional-outbox` with Latchkey's work in its handlers. Its tables and the output topics must exist. */
async function runPeer({ settings, health, signal }: ServiceContext<PeerSettings>): Promise<void> {
  silenceTimerWarnings();
  const part = settings.PEER_PART;
  health.notReady('peer', 'starting');
  await using stack = new AsyncDisposableStack();
  const kafka = new Kafka({ brokers: settings.KAFKA_BROKERS, logLevel: logLevel.ERROR });
  if (part !== 'outbox') stack.use(await openInbox(await inboxOf(settings, kafka)));
  if (part !== 'inbox') stack.use(await openOutbox(settings, kafka));
  health.ready('peer');
  const { promise: stopped, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => {
    resolve(undefined);
  });
  await stopped;
}

async function inboxOf(settings: PeerSettings, kafka: Kafka): Promise<Inbox> {
  await using db = openDatabase({
    url: settings.DATABASE_URL,
    role: undefined,
    poolSize: 2,
    applicationName: 'peer',
    onConnectionLost: () => undefined,
  });
  await using admin = await openAdmin(kafka);
  const names = outputTopicNames(settings);
  const policy = await openPolicy(settings.POLICY_FILE);
  const partitions = settings.OUTPUT_PARTITIONS;
  const outputs = await openOutputs(db, admin, names, partitions, settings.INSTALLATION);
  const rows = await db.run(listLanes, {});
  const inputs = Object.entries(inputTopicNames(settings));
  return {
    settings,
    policy,
    outputs,
    lanes: new Map(rows.map(({ lane, topic, partition }) => [lane, { topic, partition }])),
    inputs: new Map(inputs.map(([input, name]) => [name, input as InputTopic])),
  };
}

await runService({ name: 'peer', settings: peerSettings, run: runPeer });
