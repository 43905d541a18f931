import {
  DEFAULT_TOPIC_NAMES,
  Failure,
  type InputTopic,
  type OutputTopic,
} from '@latchkey/contracts';
import { z } from 'zod';
import { brokerListProblem, brokersOf } from './broker-list.ts';
import { LOG_LEVELS } from './logger.ts';

/**
 * Shapes of settings to spread into the schema of a service. A description explains the setting;
 * `secret` keeps its value out of every message and lets NAME_FILE name a file that contains it; `requires`
 * names settings that must be set with it.
 */

const TEXT_MAX_CHARS = 4_096;
const TOPIC_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/;

/** A whole number in decimal digits. Put `.default()` and `.describe()` behind it. */
export function integerSetting(minimum: number, maximum: number): z.ZodType<number, string> {
  const expected = `expected a whole number from ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^-?\d{1,15}$/, { error: expected, abort: true })
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, expected);
}

/** `true` or `false`. */
export function booleanSetting(): z.ZodType<boolean, string> {
  return z.enum(['true', 'false'], 'expected true or false').transform((text) => text === 'true');
}

/** Any text, at most 4,096 characters. */
export function textSetting(): z.ZodString {
  const error = `expected at most ${TEXT_MAX_CHARS} characters`;
  return z.string().max(TEXT_MAX_CHARS, { error, abort: true });
}

/** What every service has; runService itself reads the first three. */
export const commonSettings = {
  LOG_LEVEL: z
    .enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(', ')}`)
    .default('info')
    .describe('least level that is logged'),
  HTTP_PORT: integerSetting(0, 65_535)
    .optional()
    .describe(
      'port of /livez, /readyz and /metrics; 0: any free one; unset: none. Commands do not listen',
    ),
  SHUTDOWN_SECONDS: integerSetting(1, 3_600)
    .default(20)
    .describe(
      'time to end in after SIGTERM or a fatal error, then exit code 1; after half of it servers that do not answer are waited for no longer',
    ),
  INSTALLATION: z
    .string()
    .regex(
      /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/,
      'expected a-z, 0-9, dot and hyphen, at most 63, a letter or digit at both ends',
    )
    .default('local')
    .describe('name of this installation; part of the source of what it publishes'),
};

export const databaseSettings = {
  DATABASE_URL: textSetting()
    .refine(isDatabaseUrl, 'expected a URL that begins with postgresql://')
    .describe('the database, postgresql://…')
    .meta({ secret: true }),
};

export const kafkaSettings = {
  KAFKA_BROKERS: textSetting()
    .transform(brokersOf)
    .superRefine((brokers, context) => {
      const message = brokerListProblem(brokers);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .describe('bootstrap brokers, host:port, comma separated; an IPv6 address as [::1]:9092'),
  KAFKA_SSL: booleanSetting().default(false).describe('whether connections to brokers use TLS'),
  KAFKA_SASL_MECHANISM: z
    .enum(
      ['plain', 'scram-sha-256', 'scram-sha-512'],
      'expected plain, scram-sha-256 or scram-sha-512',
    )
    .optional()
    .describe('how to authenticate to brokers; unset: not at all')
    .meta({ requires: ['KAFKA_USERNAME', 'KAFKA_PASSWORD'] }),
  KAFKA_USERNAME: textSetting()
    .optional()
    .describe('user name for brokers')
    .meta({ requires: ['KAFKA_SASL_MECHANISM'] }),
  KAFKA_PASSWORD: textSetting()
    .optional()
    .describe('password for brokers')
    .meta({ secret: true, requires: ['KAFKA_SASL_MECHANISM'] }),
};

export const policySettings = {
  POLICY_FILE: textSetting().optional().describe('the policy, YAML; unset: the example policy'),
};

export const inputTopicSettings = {
  TOPIC_WORKFORCE_EVENTS: topicSetting('workforce-events'),
  TOPIC_VERIFICATION_EVENTS: topicSetting('verification-events').describe(
    'name of the topic for verification-events; none: there is no such topic, and verifications expire by the clock of the database',
  ),
};

/** Instead of the name of the verification topic. */
const NO_TOPIC = 'none';

/** Of each output topic, at most. */
export const MAX_OUTPUT_PARTITIONS = 1_000;

export const outputTopicSettings = {
  TOPIC_LIFECYCLE: topicSetting('lifecycle'),
  TOPIC_ACCESS: topicSetting('access'),
  TOPIC_VERIFICATIONS: topicSetting('verifications'),
  TOPIC_REVIEWS: topicSetting('reviews'),
  TOPIC_DEAD_LETTERS: topicSetting('dead-letters'),
  OUTPUT_PARTITIONS: integerSetting(1, MAX_OUTPUT_PARTITIONS)
    .optional()
    .describe('partitions of each output topic; unset: as the topics are'),
};

type Values<Shape extends z.core.$ZodShape> = z.infer<z.ZodObject<Shape>>;

/** The connection to the brokers that the settings describe. */
export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: boolean;
  readonly sasl:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
        readonly username: string;
        readonly password: string;
      }
    | undefined;
}

/** @param clientId - what the brokers' logs and quotas call us */
export function kafkaConnection(
  settings: Values<typeof kafkaSettings>,
  clientId: string,
): KafkaConnection {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_USERNAME, KAFKA_PASSWORD } = settings;
  const username = KAFKA_USERNAME ?? '';
  const password = KAFKA_PASSWORD ?? '';
  const sasl = mechanism === undefined ? undefined : { mechanism, username, password };
  return { brokers: settings.KAFKA_BROKERS, clientId, ssl: settings.KAFKA_SSL, sasl };
}

/** Names on the broker. An installation may have no verification topic. */
export type InputTopicNames = Readonly<
  Omit<Record<InputTopic, string>, 'verification-events'> & { 'verification-events'?: string }
>;

/** @throws Failure CONFIG_INVALID when two of them have one name */
export function inputTopicNames(settings: Values<typeof inputTopicSettings>): InputTopicNames {
  const names = withoutRepeats({
    'workforce-events': settings.TOPIC_WORKFORCE_EVENTS,
    'verification-events': settings.TOPIC_VERIFICATION_EVENTS,
  });
  const { 'verification-events': verification, ...others } = names;
  return verification === NO_TOPIC ? others : names;
}

/** @throws Failure CONFIG_INVALID when two of them have one name */
export function outputTopicNames(
  settings: Values<typeof outputTopicSettings>,
): Readonly<Record<OutputTopic, string>> {
  return withoutRepeats({
    lifecycle: settings.TOPIC_LIFECYCLE,
    access: settings.TOPIC_ACCESS,
    verifications: settings.TOPIC_VERIFICATIONS,
    reviews: settings.TOPIC_REVIEWS,
    'dead-letters': settings.TOPIC_DEAD_LETTERS,
  });
}

function topicSetting(topic: InputTopic | OutputTopic): z.ZodDefault<z.ZodString> {
  return z
    .string()
    .regex(
      TOPIC_NAME,
      "expected a topic's name: letters, digits, dot, hyphen, underscore; at most 249",
    )
    .default(DEFAULT_TOPIC_NAMES[topic])
    .describe(`name of the topic for ${topic}`);
}

function withoutRepeats<T extends string>(names: Readonly<Record<T, string>>): typeof names {
  const all = Object.values<string>(names);
  const repeated = all.filter((name, index) => all.indexOf(name) !== index);
  if (repeated.length === 0) return names;
  const problems = repeated.map((name) => `TOPIC_…: ${name} is named for two topics`);
  throw new Failure('CONFIG_INVALID', { problems });
}

function isDatabaseUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && ['postgres:', 'postgresql:'].includes(url.protocol);
}
