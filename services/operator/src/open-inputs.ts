import { Failure } from '@latchkey/contracts';
import { type Kafka, type KafkaLog, openKafka } from '@latchkey/kafka';
import { kafkaConnection } from '@latchkey/runtime';
import type { Operating } from './verb.ts';

/**
 * The brokers, for a verb that must look into input topics.
 *
 * @param instead - how to do without
 * @throws Failure CONFIG_INVALID without KAFKA_BROKERS
 */
export function openInputs({ settings, log, signal }: Operating, instead: string): Kafka {
  const { KAFKA_BROKERS } = settings;
  if (KAFKA_BROKERS === undefined) {
    const problems = [`KAFKA_BROKERS: required to look into the log; ${instead}`];
    throw new Failure('CONFIG_INVALID', { problems });
  }
  const connection = kafkaConnection({ ...settings, KAFKA_BROKERS }, 'latchkey-operator');
  return openKafka({ ...connection, giveUp: signal }, lessOf(log), signal);
}

/** Joining and leaving a group for one read is nothing to an operator: a command's log is for what goes wrong. */
export function lessOf(log: KafkaLog): KafkaLog {
  return {
    debug: (fields, message) => {
      log.debug(fields, message);
    },
    info: (fields, message) => {
      log.debug(fields, message);
    },
    warn: (fields, message) => {
      log.warn(fields, message);
    },
    error: (fields, message) => {
      log.error(fields, message);
    },
  };
}
