import {
  commonSettings,
  databaseSettings,
  inputTopicSettings,
  integerSetting,
  kafkaSettings,
  outputTopicSettings,
  policySettings,
  textSetting,
} from '@latchkey/runtime';
import { z } from 'zod';

const eachSetting = z.object({
  INSTALLATION: commonSettings.INSTALLATION,
  ...databaseSettings,
  ...kafkaSettings,
  ...policySettings,
  ...inputTopicSettings,
  ...outputTopicSettings,
  GROUP_ID: textSetting()
    .default('latchkey-reconciler')
    .describe('consumer group; positions are in the database, this one only shares out partitions'),
  SESSION_TIMEOUT_SECONDS: integerSetting(6, 300)
    .default(6)
    .describe('silence after which the partitions of a reconciler are given to another'),
  PARTITIONS_AT_ONCE: integerSetting(1, 32)
    .default(2)
    .describe(
      'transactions at the same time, facts and reports counted apart, each with the batches of one partition or of several; a reconciler opens at most twice as many connections to the database, and 5 more',
    ),
  BATCH_MAX_EVENTS: integerSetting(1, 5_000)
    .default(1_000)
    .describe('events in one transaction, at most, of all its partitions together'),
  FETCH_PARTITION_BYTES: integerSetting(65_536, 33_554_432)
    .default(1_048_576)
    .describe(
      'bytes of one partition in one fetch from one broker, which brings four times as much at most',
    ),
  INBOX_RETENTION_DAYS: integerSetting(1, 3_650)
    .default(30)
    .describe(
      'how long claims are remembered: at least the retention of the input topics, plus the longest outage',
    ),
  FACT_RETENTION_DAYS: integerSetting(1, 36_500)
    .default(730)
    .describe(
      'how long facts are kept that a newer full statement has replaced; not less than INBOX_RETENTION_DAYS',
    ),
  READ_THROUGH_MARGIN_SECONDS: integerSetting(1, 600)
    .default(5)
    .describe('how far the clocks of brokers and database may differ, replication lag included'),
});

export const reconcilerSettings = eachSetting.refine(
  (read) => read.FACT_RETENTION_DAYS >= read.INBOX_RETENTION_DAYS,
  { path: ['FACT_RETENTION_DAYS'], error: 'expected not less than INBOX_RETENTION_DAYS' },
);

export type ReconcilerSettings = z.infer<typeof reconcilerSettings>;
