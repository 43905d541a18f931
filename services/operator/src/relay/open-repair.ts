import { Failure } from '@latchkey/contracts';
import { openPolicy } from '@latchkey/intake';
import { openAdmin, openKafka } from '@latchkey/kafka';
import { type LaneRow, listLanes } from '@latchkey/postgres';
import type { KafkaAccess } from '@latchkey/publication';
import { kafkaConnection, outputTopicNames } from '@latchkey/runtime';
import { operatorName } from '../progress.ts';
import type { Operating } from '../verb.ts';

/** An output topic with its lanes, by partition. */
export interface RepairedTopic {
  readonly topic: string;
  readonly lanes: readonly [LaneRow, ...LaneRow[]];
}

/** What the commands that mend the relay work with. Disposing ends the connection to the brokers. */
export interface Repair extends AsyncDisposable {
  readonly kafka: KafkaAccess;
  /** Every output topic that has lanes, by name. */
  readonly topics: readonly RepairedTopic[];
  /** Who did it, and who answers for it in the audit trail. */
  readonly operator: string;
  readonly owner: string;
}

/** @throws Failure CONFIG_INVALID without KAFKA_BROKERS */
export async function openRepair({ db, settings, log, signal }: Operating): Promise<Repair> {
  const { KAFKA_BROKERS } = settings;
  if (KAFKA_BROKERS === undefined) {
    throw new Failure('CONFIG_INVALID', { problems: ['KAFKA_BROKERS: required'] });
  }
  const connection = kafkaConnection({ ...settings, KAFKA_BROKERS }, 'latchkey-operator');
  const kafkaSettings = { ...connection, giveUp: signal };
  const { owner } = await openPolicy(settings.POLICY_FILE);
  const names = Object.values<string>(outputTopicNames(settings)).toSorted();
  const rows = Map.groupBy(await db.run(listLanes, {}), ({ topic }) => topic);
  const admin = await openAdmin(openKafka(kafkaSettings, log, signal));
  return {
    kafka: { kafkaSettings, admin, log },
    topics: names.flatMap((topic) => {
      const [first, ...others] = rows.get(topic) ?? [];
      return first === undefined ? [] : [{ topic, lanes: [first, ...others] as const }];
    }),
    operator: operatorName(settings.OPERATOR),
    owner,
    [Symbol.asyncDispose]: () => admin[Symbol.asyncDispose](),
  };
}
