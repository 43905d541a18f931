import { type PlannedStart, type RefusedTopic, type ReplayWanted, replay } from '@latchkey/repair';
import { type Given, misused } from '@latchkey/runtime';
import { printLine, printRows } from '../print.ts';
import { FLAG, TEXT, verb } from '../verb.ts';
import { openRepair } from './open-repair.ts';

const REPLAY = {
  command: 'relay replay',
  usage: '[--topic T [--partition N] [--from earliest|latest|<position>]] [--json]',
  meaning: 'Kafka went back: publish from there',
  options: { topic: TEXT, partition: TEXT, from: TEXT, json: FLAG },
} as const;

/**
 * Makes the relay publish from a position on, where Kafka went back. Without `--topic`: all topics that are refused because
 * Kafka lost something; those that may need `relay rebase` are listed.
 */
export const relayReplay = verb({
  ...REPLAY,
  check: parseWanted,
  purpose: 'repair',
  run: async (operating, given) => {
    await using repair = await openRepair(operating);
    const wanted = parseWanted(given);
    const result = await replay(repair, wanted);
    if (result.kind === 'partition_required') {
      const has = `${wanted.topic ?? ''} has ${result.partitions} partitions`;
      const problem = `--from: ${has}, and ${wanted.from ?? ''} is another message in each: give --partition, too, or earliest or latest`;
      throw misused(REPLAY, [problem]);
    }
    if (given.json) printAsJson(result.left, result.starts);
    else printAsText(result.left, result.starts);
  },
});

function printAsJson(left: readonly RefusedTopic[], starts: readonly PlannedStart[]): void {
  printRows(
    left.map(({ topic, code, detail }) => ({ topic, refusedCode: code, refusedDetail: detail })),
    true,
  );
  printRows(
    starts.map(({ topic, partition, from, last }) => ({ topic, partition, from, last })),
    true,
  );
}

function printAsText(left: readonly RefusedTopic[], starts: readonly PlannedStart[]): void {
  for (const { topic, code, detail } of left) printLine(`! ${topic}: ${code}: ${detail}`);
  if (starts.length + left.length === 0) printLine('nothing to replay: no output topic is refused');
  for (const { topic, partition, from, last } of starts) {
    printLine(`${topic}/${partition} goes on at ${from}; the outbox ends at ${last}`);
  }
}

const FROM_PROBLEM = '--from: expected earliest, latest or a position, from 1 on';

function parseWanted({ topic, partition, from }: Given<typeof REPLAY.options>): ReplayWanted {
  const problems = [
    problemOf('--partition: expected a whole number', partition, /^\d{1,6}$/),
    problemOf(FROM_PROBLEM, from, /^(earliest|latest|[1-9]\d{0,17})$/),
    topic === undefined && (partition ?? from) !== undefined
      ? '--topic: required with --partition and --from'
      : undefined,
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw misused(REPLAY, problems);
  return {
    topic,
    partition: partition === undefined ? undefined : Number(partition),
    from: from === undefined || from === 'earliest' || from === 'latest' ? from : BigInt(from),
  };
}

function problemOf(problem: string, text: string | undefined, shape: RegExp): string | undefined {
  return text === undefined || shape.test(text) ? undefined : problem;
}
