/** Sends events on a fixed schedule (open loop). */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { silenceTimerWarnings } from '@latchkey/kafka';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { produce } from '../../support/produce.ts';
import { feedOf } from '../workload/feed.ts';
import { nowMs } from './clock.ts';
import type { GeneratorMessage, GeneratorOptions } from './generator.ts';

const EVERY_MS = 4;
const LEAD_MS = 100;
/** Limit of unanswered requests; beyond it the schedule is not kept. */
const UNANSWERED_MAX_COUNT = 2_000;

const { brokers, topics, workload, perSecond } = JSON.parse(
  process.argv[2] ?? '',
) as GeneratorOptions;

function report(message: GeneratorMessage): void {
  process.send?.(message);
}

silenceTimerWarnings();
const records = Array.from(feedOf(workload), ({ record }) => record);
const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.WARN });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
await producer.connect();
process.on('disconnect', () => process.exit());
report({ kind: 'ready' });
await once(process, 'message');

const beginMs = nowMs() + LEAD_MS;
const answers: Promise<void>[] = [];
let [sent, unanswered, lateMaxMs] = [0, 0, 0];
while (sent < records.length) {
  const now = nowMs();
  const due = Math.min(records.length, Math.floor(((now - beginMs) * perSecond) / 1_000) + 1);
  if (due > sent) {
    lateMaxMs = Math.max(lateMaxMs, now - (beginMs + (sent / perSecond) * 1_000));
    unanswered += 1;
    if (unanswered > UNANSWERED_MAX_COUNT) throw new Error('the brokers do not keep up');
    const answer = produce(producer, { names: topics }, records.slice(sent, due));
    answers.push(
      answer.then(() => {
        unanswered -= 1;
      }),
    );
    sent = due;
  }
  await sleep(EVERY_MS);
}
await Promise.all(answers);
report({ kind: 'done', beginMs, lateMaxMs });
