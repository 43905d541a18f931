import { type InputTopic, readDelivery } from '@latchkey/contracts';
import { clampStampMs, GIVEN_UP_BY_OPERATOR, givenUp, openPolicy } from '@latchkey/intake';
import { readRecords, withoutInfo } from '@latchkey/kafka';
import type { ProgressRow } from '@latchkey/postgres';
import { inputTopicNames } from '@latchkey/runtime';
import { usageInvalid } from './bounds.ts';
import { openInputs } from './open-inputs.ts';
import type { Operating } from './verb.ts';

/** A delivery that becomes a dead letter, as it is printed. */
export interface GivenUp {
  readonly offset: bigint;
  /** The code of the dead letter. */
  readonly code: string;
  readonly eventId: string | undefined;
  readonly source: string | undefined;
  readonly type: string | undefined;
}

/** An operator is to check each of them. */
const MAX_DELIVERIES = 100;

/**
 * Reads the next deliveries of a partition that is stopped because events cannot be applied.
 *
 * @param count - of deliveries, as given
 * @throws Failure USAGE_INVALID for a count out of bounds, another finding, or where the log has no more deliveries
 */
export async function giveUpOf(
  operating: Operating,
  topic: string,
  partition: number,
  { stoppedCode, nextOffset: from }: ProgressRow,
  count: string,
): Promise<readonly GivenUp[]> {
  const maxRecords = /^\d{1,3}$/.test(count) ? Number(count) : 0;
  if (maxRecords < 1 || maxRecords > MAX_DELIVERIES) {
    throw usageInvalid(`--give-up: expected a whole number from 1 to ${MAX_DELIVERIES}`);
  }
  if (stoppedCode !== 'APPLY_FAILING') {
    throw usageInvalid(
      `--give-up: is for APPLY_FAILING; what was found is ${stoppedCode ?? 'nothing'}`,
    );
  }
  const inputs = Object.entries(inputTopicNames(operating.settings));
  const input = inputs.find(([, name]) => name === topic)?.[0] as InputTopic | undefined;
  if (input === undefined) throw usageInvalid(`${topic}: is no input of these settings (TOPIC_…)`);
  const { sources } = await openPolicy(operating.settings.POLICY_FILE);
  const kafka = openInputs(operating, 'what is given up is shown first');
  const range = { topic, partition, from, maxRecords };
  const records = await readRecords(kafka, range, withoutInfo(operating.log), operating.signal);
  if (records.length === 0) throw usageInvalid('--give-up: the log has no more deliveries');
  return records.map(({ timestampMs, ...record }) => {
    const delivery = { ...record, takenAtMs: clampStampMs(timestampMs) };
    const read = givenUp(readDelivery(delivery, input, sources), GIVEN_UP_BY_OPERATOR);
    if (read.kind !== 'rejected') throw new RangeError('what is given up is rejected');
    const { rejection, eventId, source, type } = read;
    return { offset: record.offset, code: rejection.code, eventId, source, type };
  });
}
