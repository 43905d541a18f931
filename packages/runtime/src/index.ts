export { type Alarm, waitingAlarm } from './alarm.ts';
export {
  type BackgroundTask,
  type BackgroundTasks,
  createBackgroundTasks,
} from './background-tasks.ts';
export { type Backoff, type BackoffOptions, backoff } from './backoff.ts';
export { outliveReaders } from './closed-output.ts';
export { every, type Loop } from './every.ts';
export { createHealth, type Health, type Readiness } from './health.ts';
export { isPermanent } from './is-permanent.ts';
export { createLogger, type Logger, type LogLevel } from './logger.ts';
export { createMetrics, type Metrics } from './metrics.ts';
export {
  type Given,
  type Grammar,
  misused,
  type OptionShapes,
  readArguments,
} from './read-arguments.ts';
export { readBuild } from './read-build.ts';
export { type RetryOptions, retryForever } from './retry-forever.ts';
export { runService, type Service, type ServiceContext } from './run-service.ts';
export { type Part, runTogether } from './run-together.ts';
export { type SettingDoc, settingDocs } from './setting-docs.ts';
export {
  booleanSetting,
  commonSettings,
  databaseSettings,
  type InputTopicNames,
  inputTopicNames,
  inputTopicSettings,
  integerSetting,
  type KafkaConnection,
  kafkaConnection,
  kafkaSettings,
  MAX_OUTPUT_PARTITIONS,
  outputTopicNames,
  outputTopicSettings,
  policySettings,
  textSetting,
} from './settings.ts';
export { waitMs } from './wait.ts';
