import {
  booleanSetting,
  commonSettings,
  databaseSettings,
  integerSetting,
  kafkaSettings,
  outputTopicSettings,
} from '@latchkey/runtime';
import { z } from 'zod';

export const relaySettings = z.object({
  INSTALLATION: commonSettings.INSTALLATION,
  ...databaseSettings,
  ...kafkaSettings,
  ...outputTopicSettings,
  CREATE_TOPICS: booleanSetting()
    .default(true)
    .describe('whether missing output topics are created; false: the relay refuses to start'),
  OUTBOX_RETENTION_HOURS: integerSetting(1, 8_760)
    .default(72)
    .describe('how long published messages stay in the database, for replay'),
  TRANSACTION_MAX_ROWS: integerSetting(1, 20_000)
    .default(2_000)
    .describe('messages of a topic in one Kafka transaction, at most'),
  TRANSACTION_MAX_BYTES: integerSetting(65_536, 67_108_864)
    .default(4_194_304)
    .describe('their payloads and headers together, at most; a single larger message goes alone'),
});

export type RelaySettings = z.infer<typeof relaySettings>;
