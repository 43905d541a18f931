import {
  commonSettings,
  databaseSettings,
  inputTopicSettings,
  kafkaSettings,
  outputTopicSettings,
  policySettings,
  textSetting,
} from '@latchkey/runtime';
import { z } from 'zod';

export const operatorSettings = z.object({
  INSTALLATION: commonSettings.INSTALLATION,
  ...databaseSettings,
  ...kafkaSettings,
  // Most verbs need the database only.
  KAFKA_BROKERS: kafkaSettings.KAFKA_BROKERS.optional(),
  ...policySettings,
  ...inputTopicSettings,
  ...outputTopicSettings,
  OPERATOR: textSetting()
    .optional()
    .describe(
      'your name in the audit trail; unset: your login name; required where the user has none',
    ),
});

export type OperatorSettings = z.infer<typeof operatorSettings>;
