import { Failure } from '@latchkey/contracts';
import { type Accepted, acceptPartition, openPolicy } from '@latchkey/intake';
import { type LogOffsets, openAdmin, readLogOffsets } from '@latchkey/kafka';
import { type ProgressRow, readProgress } from '@latchkey/postgres';
import { required, usageInvalid } from './bounds.ts';
import { type GivenUp, giveUpOf } from './give-up.ts';
import { openInputs } from './open-inputs.ts';
import { printLine, printRow, printRows } from './print.ts';
import { operatorName } from './progress.ts';
import { FLAG, type Operating, TEXT, verb } from './verb.ts';

/** Where a partition continues once its finding is accepted. */
interface Plan {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: bigint;
  readonly givenUp: readonly GivenUp[];
}

/**
 * Accepts the named finding of a stopped partition. By default the partition continues at the first record that is still in
 * the log: events that were claimed before are recognised by their ids. Without a finding it only prints the finding and
 * the plan.
 *
 * @throws Failure USAGE_INVALID when no finding is named, NOT_FOUND, PARTITION_NOT_STOPPED, FINDING_DIFFERS
 */
export const progressAccept = verb({
  command: 'progress accept',
  usage:
    '<topic> <partition> [--finding <id>] [--from earliest|position|latest|<offset>] [--give-up <deliveries>] [--json]',
  meaning: 'go on after what was found; without --finding: show what that would do',
  options: { finding: TEXT, from: TEXT, 'give-up': TEXT, json: FLAG },
  positionals: ['topic', 'partition'],
  check: ({ from, 'give-up': count }) => {
    if (from !== undefined && count !== undefined) {
      throw usageInvalid('--give-up: begins at the position, without --from');
    }
  },
  run: async (operating, { positionals, ...given }) => {
    const { db, settings } = operating;
    const topic = required(positionals[0], 'topic');
    const partition = partitionNumber(required(positionals[1], 'partition'));
    const [progress] = await db.run(readProgress, { topic, partition });
    if (progress === undefined) throw notFound(topic, partition);
    if (progress.findingId === null)
      throw new Failure('PARTITION_NOT_STOPPED', { topic, partition });
    const plan = await planOf(operating, topic, partition, progress, given);
    if (given.finding === undefined) {
      showFinding(progress, plan, given);
      throw usageInvalid('--finding: required; it names what was shown');
    }
    const { owner } = await openPolicy(settings.POLICY_FILE);
    const accepted = await acceptPartition(db, {
      topic,
      partition,
      findingId: given.finding,
      nextOffset: plan.nextOffset,
      giveUpBefore: (plan.givenUp.at(-1)?.offset ?? -1n) + 1n,
      operator: operatorName(settings.OPERATOR),
      owner,
    });
    refuse(accepted, topic, partition);
    if (given.json) printPlanAsJson(progress, plan, 'accepted');
    else {
      printLine(`${topic}/${partition} was stopped: ${progress.stoppedCode ?? ''}`);
      printPlanAsText(progress, plan);
    }
  },
});

/** The options as given. */
interface Given {
  readonly finding: string | undefined;
  readonly from: string | undefined;
  readonly 'give-up': string | undefined;
  readonly json: boolean;
}

async function planOf(
  operating: Operating,
  topic: string,
  partition: number,
  progress: ProgressRow,
  given: Given,
): Promise<Plan> {
  const count = given['give-up'];
  if (count === undefined) {
    const nextOffset = await offsetFrom(operating, topic, partition, progress, given.from);
    return { topic, partition, nextOffset, givenUp: [] };
  }
  const givenUp = await giveUpOf(operating, topic, partition, progress, count);
  return { topic, partition, nextOffset: progress.nextOffset, givenUp };
}

function showFinding(
  progress: ProgressRow,
  plan: Plan,
  { from, 'give-up': count, json }: Given,
): void {
  if (json) {
    printPlanAsJson(progress, plan, 'found');
    return;
  }
  const { topic, partition } = plan;
  const { stoppedCode, stoppedDetail, findingId } = progress;
  printLine(`${topic}/${partition} is stopped: ${stoppedCode ?? ''}: ${stoppedDetail ?? ''}`);
  printLine('Once it is accepted:');
  printPlanAsText(progress, plan);
  const options = [
    `--finding ${findingId ?? ''}`,
    ...(from === undefined ? [] : [`--from ${from}`]),
    ...(count === undefined ? [] : [`--give-up ${count}`]),
  ];
  printLine(`To accept: progress accept ${topic} ${partition} ${options.join(' ')}`);
}

function printPlanAsText(progress: ProgressRow, plan: Plan): void {
  const { topic, partition, nextOffset, givenUp } = plan;
  printLine(`${topic}/${partition} goes on at ${nextOffset}`);
  const skipped = skippedBy(progress, plan);
  if (skipped !== undefined) {
    printLine(`offsets ${skipped.from} to ${skipped.through} are skipped and never read`);
  }
  if (givenUp.length === 0) return;
  printLine('These become dead letters, unless their ids were taken before:');
  printRows(givenUp, false);
}

/** One object about the partition, then one for each delivery that becomes a dead letter. */
function printPlanAsJson(progress: ProgressRow, plan: Plan, about: 'found' | 'accepted'): void {
  const { findingId, stoppedCode, stoppedDetail } = progress;
  const { topic, partition, nextOffset, givenUp } = plan;
  const skipped = skippedBy(progress, plan);
  const place = { topic, partition, findingId, stoppedCode, stoppedDetail, nextOffset };
  const skips = { skippedFrom: skipped?.from, skippedThrough: skipped?.through };
  printRow({ about, ...place, ...skips }, true);
  printRows(
    givenUp.map((row) => ({ about: 'given up', ...row })),
    true,
  );
}

/** The offsets that are never read; undefined where there are none. */
function skippedBy(
  { nextOffset: from }: ProgressRow,
  { nextOffset }: Plan,
): { readonly from: bigint; readonly through: bigint } | undefined {
  return nextOffset > from ? { from, through: nextOffset - 1n } : undefined;
}

function refuse(accepted: Accepted, topic: string, partition: number): void {
  switch (accepted.kind) {
    case 'accepted':
      return;
    case 'unknown':
      throw notFound(topic, partition);
    case 'not_stopped':
      throw new Failure('PARTITION_NOT_STOPPED', { topic, partition });
    case 'other_finding': {
      const { findingId, stoppedCode, stoppedDetail } = accepted.progress;
      const found = { finding: findingId, code: stoppedCode, found: stoppedDetail };
      throw new Failure('FINDING_DIFFERS', { topic, partition, ...found });
    }
  }
}

/** Findings about the records at the position; the log itself is intact. */
const LOG_IS_INTACT = ['APPLY_FAILING', 'BATCH_UNREADABLE'];

function partitionNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw usageInvalid('partition: expected a whole number');
}

async function offsetFrom(
  operating: Operating,
  topic: string,
  partition: number,
  { nextOffset, stoppedCode }: ProgressRow,
  from: string | undefined,
): Promise<bigint> {
  const wanted = from ?? (LOG_IS_INTACT.includes(stoppedCode ?? '') ? 'position' : 'earliest');
  if (/^\d{1,18}$/.test(wanted)) return BigInt(wanted);
  if (wanted === 'position') return nextOffset;
  if (wanted !== 'earliest' && wanted !== 'latest') {
    throw usageInvalid('--from: expected earliest, position, latest or an offset');
  }
  const log = await logOf(operating, topic, partition);
  return wanted === 'earliest' ? log.start : log.end;
}

async function logOf(operating: Operating, topic: string, partition: number): Promise<LogOffsets> {
  await using admin = await openAdmin(openInputs(operating, 'or give --from an offset'));
  const found = (await readLogOffsets(admin, topic)).get(partition);
  if (found === undefined) throw notFound(topic, partition);
  return found;
}

function notFound(topic: string, partition: number): Failure {
  return new Failure('NOT_FOUND', { partition: `${topic}/${partition}` });
}
