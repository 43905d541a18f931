import { repartition } from '@latchkey/repair';
import { MAX_OUTPUT_PARTITIONS } from '@latchkey/runtime';
import { required, usageInvalid } from '../bounds.ts';
import { printLine, printRow } from '../print.ts';
import { FLAG, TEXT, verb } from '../verb.ts';
import { openRepair } from './open-repair.ts';

/** Gives every output topic more partitions. */
export const relayRepartition = verb({
  command: 'relay repartition',
  usage: '--partitions N [--json]',
  meaning: 'more partitions for every output topic',
  options: { partitions: TEXT, json: FLAG },
  purpose: 'repair',
  run: async (operating, { partitions: given, json }) => {
    const partitions = parsePartitions(required(given, '--partitions'));
    await using repair = await openRepair(operating);
    const topics = repair.topics.length;
    const result = await repartition(repair, partitions);
    switch (result.kind) {
      case 'fewer_than_lanes':
        throw usageInvalid(
          `--partitions: the topics have ${result.most}, and Kafka cannot take any away`,
        );
      case 'fewer_than_topic': {
        const has = `${result.topic} has ${result.partitions} in Kafka, which cannot take any away`;
        throw usageInvalid(`--partitions: ${has}: give that number`);
      }
      case 'unchanged':
        if (json) printRow({ partitions, topics, moved: 0 }, json);
        else printLine(`nothing to do: every output has ${partitions} partitions`);
        return;
      case 'repartitioned': {
        const { moved } = result;
        if (json) {
          printRow({ partitions, topics, moved }, json);
          return;
        }
        printLine(
          `${topics} topics have ${partitions} partitions; ${moved} waiting messages moved`,
        );
        printLine(`start the services with OUTPUT_PARTITIONS=${partitions}, or without it`);
      }
    }
  },
});

function parsePartitions(text: string): number {
  const partitions = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (partitions >= 1 && partitions <= MAX_OUTPUT_PARTITIONS) return partitions;
  throw usageInvalid(`--partitions: expected a whole number from 1 to ${MAX_OUTPUT_PARTITIONS}`);
}
