import { Failure } from '@latchkey/contracts';
import { openPolicy } from '@latchkey/intake';
import { openAdmin, openKafka } from '@latchkey/kafka';
import { listOutputTopics, type Repair } from '@latchkey/repair';
import { kafkaConnection, outputTopicNames } from '@latchkey/runtime';
import { operatorName } from '../progress.ts';
import type { Operating } from '../verb.ts';

/**
 * Opens what a repair of the relay works on. Disposing closes the connection to the brokers.
 *
 * @throws Failure CONFIG_INVALID without KAFKA_BROKERS
 */
export async function openRepair({
  db,
  settings,
  log,
  signal,
}: Operating): Promise<Repair & AsyncDisposable> {
  const { KAFKA_BROKERS } = settings;
  if (KAFKA_BROKERS === undefined) {
    throw new Failure('CONFIG_INVALID', { problems: ['KAFKA_BROKERS: required'] });
  }
  const connection = kafkaConnection({ ...settings, KAFKA_BROKERS }, 'latchkey-operator');
  const kafkaSettings = { ...connection, giveUp: signal };
  const { owner } = await openPolicy(settings.POLICY_FILE);
  const topics = await listOutputTopics(db, Object.values<string>(outputTopicNames(settings)));
  const admin = await openAdmin(openKafka(kafkaSettings, log, signal));
  return {
    db,
    kafka: { kafkaSettings, admin, log },
    topics,
    operator: operatorName(settings.OPERATOR),
    owner,
    [Symbol.asyncDispose]: () => admin[Symbol.asyncDispose](),
  };
}
