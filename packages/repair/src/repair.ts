import { type Db, type LaneRow, listLanes } from '@latchkey/postgres';
import type { KafkaAccess } from '@latchkey/publication';

/** An output topic with its lanes, by partition. */
export interface OutputTopic {
  readonly topic: string;
  readonly lanes: readonly [LaneRow, ...LaneRow[]];
}

/** The servers that a repair works on, and who is recorded for it. The caller opens and closes all of it. */
export interface Repair {
  /** Opened for `repair`. Needs one connection for each output topic, and one more. */
  readonly db: Db;
  readonly kafka: KafkaAccess;
  /** Every output topic that has lanes, by name. */
  readonly topics: readonly OutputTopic[];
  /** Recorded in the audit trail as the decider. */
  readonly operator: string;
  /** Recorded in the audit trail as the owner: the owner of the policy. */
  readonly owner: string;
}

/** The topics of these names that have lanes, by name. */
export async function listOutputTopics(
  db: Db,
  names: readonly string[],
): Promise<readonly OutputTopic[]> {
  const rows = Map.groupBy(await db.run(listLanes, {}), ({ topic }) => topic);
  return names.toSorted().flatMap((topic) => {
    const [first, ...others] = rows.get(topic) ?? [];
    return first === undefined ? [] : [{ topic, lanes: [first, ...others] as const }];
  });
}
