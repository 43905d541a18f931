import { readFile } from 'node:fs/promises';
import { decodeRecordSet } from '../../../packages/kafka/src/protocol/record-set.ts';
import { measureLongestTurnMs } from './turns.ts';

/** Decodes the record sets of a file (base64, one per line) and prints the cost of each in this process. */
const TRIES = 3;

const [file = ''] = process.argv.slice(2);
const sets = (await readFile(file, 'utf8')).split('\n').map((line) => Buffer.from(line, 'base64'));
for (const set of sets) {
  const turnsMs: number[] = [];
  for (let tries = 0; tries < TRIES; tries += 1) {
    turnsMs.push(await measureLongestTurnMs(() => decodeRecordSet(set, [])));
  }
  const messages = await decodeRecordSet(set, []);
  const line = {
    messages: messages.length,
    unreadable: messages.at(-1)?.unreadable?.cause,
    turnMs: Math.round(Math.min(...turnsMs)),
    maxRssMib: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
