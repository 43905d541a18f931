import { z } from 'zod';
import { DURATION_EXPECTED, parseDurationMs } from './duration.ts';

const DAY_MS = 86_400_000;
const SCORE_EXPECTED = 'expected a number from 0 to 1';

const NAME_EXPECTED = 'text of 1 to 128 characters without control characters';
const label = z.string(NAME_EXPECTED).regex(/^[^\p{Cc}]{1,128}$/u, NAME_EXPECTED);

/** Who answers for something: a person, a team or a mailbox. */
const owner = z
  .string('expected an owner: who answers for this')
  .min(1, 'expected an owner: who answers for this')
  .pipe(label);

const SOURCES_MAX_COUNT = 100;
const ATTRIBUTES_MAX_COUNT = 200;
const TARGETS_MAX_COUNT = 100;
const ENTITLEMENTS_MAX_COUNT = 1000;
const RULES_MAX_COUNT = 1000;
const PURPOSES_MAX_COUNT = 100;

const attribute = z.strictObject(
  {
    type: choice('string', 'number', 'boolean'),
    scope: choice('person', 'engagement'),
  },
  'expected {type, scope}',
);

const source = z.strictObject(
  {
    order: choice('revision', 'modified'),
    topics: listOf(choice('workforce-events', 'verification-events'), 1, 2),
    types: listOf(label, 1, 50),
    aboutAnybody: z.boolean('expected true or false').default(false),
    attributes: listOf(label, 1, ATTRIBUTES_MAX_COUNT).default([]),
  },
  'expected {order, topics, types} and, where it has any, {attributes, aboutAnybody}',
);

const target = z.strictObject(
  { owner, deleteAfter: durationMs(0, 3650 * DAY_MS, '3650 days') },
  'expected {owner, deleteAfter}',
);

const entitlement = z.strictObject(
  { target: label, risk: choice('low', 'high'), owner },
  'expected {target, risk, owner}',
);

const rule = z.strictObject(
  {
    target: label,
    entitlements: listOf(label, 1, 100),
    owner,
    when: z.string('expected a CEL expression, as text').optional(),
  },
  'expected {target, entitlements, owner} and, unless it always holds, {when}',
);

const FACTOR_EXPECTED = `${NAME_EXPECTED} and without "+", which joins factors in a method`;
const factor = z.string(FACTOR_EXPECTED).regex(/^[^\p{Cc}+]{1,128}$/u, FACTOR_EXPECTED);

const purpose = z.strictObject(
  { factors: listOf(factor, 0, 20).default([]) },
  'expected {factors}; {} if only a verdict decides',
);

const verification = z
  .strictObject(
    {
      purposes: sectionOf(purpose, PURPOSES_MAX_COUNT),
      maxFailures: wholeNumber(1, 100).default(3),
      failureWindow: durationMs(1000, 365 * DAY_MS, '365 days').default(DAY_MS),
      validity: durationMs(1000, DAY_MS, '1 day').default(600_000),
      grace: durationMs(0, DAY_MS, '1 day').default(120_000),
      parked: durationMs(0, DAY_MS, '1 day').default(600_000),
      scoreThreshold: z
        .number(SCORE_EXPECTED)
        .min(0, SCORE_EXPECTED)
        .max(1, SCORE_EXPECTED)
        .default(0.8),
    },
    'expected an object of settings',
  )
  .prefault({});

/** Each section is an object by name; its entries are read one by one, so that each can be wrong on its own. */
export const policyShape = z.strictObject(
  {
    owner,
    attributes: sectionOf(attribute, ATTRIBUTES_MAX_COUNT),
    sources: sectionOf(source, SOURCES_MAX_COUNT),
    targets: sectionOf(target, TARGETS_MAX_COUNT),
    entitlements: sectionOf(entitlement, ENTITLEMENTS_MAX_COUNT),
    rules: sectionOf(rule, RULES_MAX_COUNT),
    gapTolerance: durationMs(0, 31 * DAY_MS, '31 days').default(0),
    verification,
  },
  'expected a policy: {owner, attributes, sources, targets, entitlements, rules, …}',
);

/** A policy file whose shape is right. Durations are milliseconds. */
export type PolicyContent = z.infer<typeof policyShape>;

function choice<const T extends readonly [string, ...string[]]>(
  ...values: T
): z.ZodEnum<{ [K in T[number]]: K }> {
  return z.enum(values, `expected ${values.join(' or ')}`);
}

function listOf<T extends z.ZodType>(item: T, least: number, most: number): z.ZodArray<T> {
  const expected = `expected a list of ${least} to ${most} entries, each once`;
  return z
    .array(item, expected)
    .min(least, expected)
    .max(most, expected)
    .refine((items) => new Set(items).size === items.length, expected);
}

function sectionOf<T extends z.ZodType>(
  entry: T,
  most: number,
): z.ZodPrefault<z.ZodRecord<z.ZodString, T>> {
  const expected = `expected an object of at most ${most} entries by name`;
  return z
    .record(label, entry, expected)
    .refine((entries) => Object.keys(entries).length <= most, expected)
    .prefault({});
}

function wholeNumber(least: number, most: number): z.ZodNumber {
  const expected = `expected a whole number from ${least} to ${most}`;
  return z.int(expected).min(least, expected).max(most, expected);
}

function durationMs(
  leastMs: number,
  mostMs: number,
  most: string,
): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z.string(`expected ${DURATION_EXPECTED}`).transform((text, context) => {
    const parsedMs = parseDurationMs(text);
    if (parsedMs !== undefined && parsedMs >= leastMs && parsedMs <= mostMs) return parsedMs;
    const expected = `expected ${DURATION_EXPECTED}; ${leastMs} ms to ${most}; found "${text}"`;
    context.issues.push({ code: 'custom', message: expected, input: text });
    return z.NEVER;
  });
}
