import { Failure } from '@latchkey/contracts';
import { type Kafka, openKafka, withoutInfo } from '@latchkey/kafka';
import { kafkaConnection } from '@latchkey/runtime';
import type { Operating } from './verb.ts';

/**
 * Opens the brokers for a verb that reads input topics.
 *
 * @param instead - for the failure: how to do without the brokers
 * @throws Failure CONFIG_INVALID without KAFKA_BROKERS
 */
export function openInputs({ settings, log, signal }: Operating, instead: string): Kafka {
  const { KAFKA_BROKERS } = settings;
  if (KAFKA_BROKERS === undefined) {
    const problems = [`KAFKA_BROKERS: required to look into the log; ${instead}`];
    throw new Failure('CONFIG_INVALID', { problems });
  }
  const connection = kafkaConnection({ ...settings, KAFKA_BROKERS }, 'latchkey-operator');
  return openKafka({ ...connection, giveUp: signal }, withoutInfo(log), signal);
}
