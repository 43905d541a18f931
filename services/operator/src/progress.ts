import { userInfo } from 'node:os';
import { Failure } from '@latchkey/contracts';
import { acceptPartition, openPolicy } from '@latchkey/intake';
import { type LogOffsets, logOffsets, openAdmin, openKafka } from '@latchkey/kafka';
import { listProgress, type ProgressRow, readProgress } from '@latchkey/postgres';
import { kafkaConnection } from '@latchkey/runtime';
import { required } from './bounds.ts';
import { printLine, printRows } from './print.ts';
import { FLAG, type Operating, TEXT, verb } from './verb.ts';

/** How far each input partition was read, and what became of its deliveries. */
export const progressShow = verb({
  command: 'progress show',
  usage: '[--json]',
  options: { json: FLAG },
  run: async ({ db }, { json }) => {
    printRows(await db.run(listProgress, {}), json);
  },
});

/**
 * Accepts what was found in a partition that stopped. It goes on at the first record that is still
 * there unless told otherwise: what was taken before is recognised by its ids.
 */
export const progressAccept = verb({
  command: 'progress accept',
  usage: '<topic> <partition> [--from earliest|position|latest|<offset>]',
  options: { from: TEXT },
  positionals: ['topic', 'partition'],
  run: async (operating, { positionals, from }) => {
    const { db, settings } = operating;
    const topic = required(positionals[0], 'topic');
    const partition = partitionNumber(required(positionals[1], 'partition'));
    const [progress] = await db.run(readProgress, { topic, partition });
    if (progress === undefined) throw notFound(topic, partition);
    const nextOffset = await offsetFrom(operating, topic, partition, progress, from);
    const policy = await openPolicy(settings.POLICY_FILE);
    const operator = operatorName(settings.OPERATOR);
    await acceptPartition(db, { topic, partition, nextOffset, operator, owner: policy.owner });
    const found =
      progress.stoppedCode === null ? 'was not stopped' : `was stopped: ${progress.stoppedCode}`;
    printLine(`${topic}/${partition} ${found}; it goes on at ${nextOffset}`);
    if (nextOffset > progress.nextOffset) {
      printLine(
        `offsets ${progress.nextOffset} to ${nextOffset - 1n} are skipped: nobody reads them`,
      );
    }
  },
});

/** The name under which an operator's deeds are on record. */
export function operatorName(configured: string | undefined): string {
  return configured ?? userInfo().username;
}

/** Findings about what stands at the position; the log itself is in order. */
const HAS_ITS_PLACE = ['APPLY_FAILING', 'BATCH_UNREADABLE'];

function partitionNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new Failure('CONFIG_INVALID', { problems: ['partition: expected a whole number'] });
}

async function offsetFrom(
  operating: Operating,
  topic: string,
  partition: number,
  { nextOffset, stoppedCode }: ProgressRow,
  from: string | undefined,
): Promise<bigint> {
  const wanted = from ?? (HAS_ITS_PLACE.includes(stoppedCode ?? '') ? 'position' : 'earliest');
  if (/^\d{1,18}$/.test(wanted)) return BigInt(wanted);
  if (wanted === 'position') return nextOffset;
  if (wanted !== 'earliest' && wanted !== 'latest') {
    const problems = ['--from: expected earliest, position, latest or an offset'];
    throw new Failure('CONFIG_INVALID', { problems });
  }
  const log = await logOf(operating, topic, partition);
  return wanted === 'earliest' ? log.start : log.end;
}

async function logOf(
  { settings, log, signal }: Operating,
  topic: string,
  partition: number,
): Promise<LogOffsets> {
  const { KAFKA_BROKERS } = settings;
  if (KAFKA_BROKERS === undefined) {
    const problems = [
      'KAFKA_BROKERS: required to find the ends of the log; or give --from an offset',
    ];
    throw new Failure('CONFIG_INVALID', { problems });
  }
  const connection = kafkaConnection({ ...settings, KAFKA_BROKERS }, 'latchkey-operator');
  await using admin = await openAdmin(openKafka({ ...connection, giveUp: signal }, log, signal));
  const found = (await logOffsets(admin, topic)).get(partition);
  if (found === undefined) throw notFound(topic, partition);
  return found;
}

function notFound(topic: string, partition: number): Failure {
  return new Failure('CONFIG_INVALID', { problems: [`${topic}/${partition}: no such partition`] });
}
