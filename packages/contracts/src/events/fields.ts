import { z } from 'zod';
import {
  INSTANT_EXPECTED,
  isMoment,
  MOMENT_EXPECTED,
  type Moment,
  parseInstantMs,
} from '../moment.ts';

/** The type with all members readonly, at every depth. */
export type Immutable<T> = T extends (infer E)[]
  ? readonly Immutable<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Immutable<T[K]> }
    : T;

/** A value of an attribute; `null` clears it. */
export type AttributeValue = string | number | boolean | null;

/** Declared and undeclared attributes by name. An absent name states nothing. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

export const ATTRIBUTES_MAX_COUNT = 200;
export const ATTRIBUTE_TEXT_MAX_CHARACTERS = 1024;
export const ATTRIBUTE_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;

/** Keys, names and codes: they become keys of rows, so they contain no control characters. */
export const ID = /^[^\u0000-\u001f\u007f-\u009f]{1,256}$/u;
export const ID_EXPECTED = 'text of 1 to 256 characters without control characters';

const ATTRIBUTES_EXPECTED = `an object of at most ${ATTRIBUTES_MAX_COUNT} attributes`;
const ATTRIBUTE_EXPECTED = `a name of ASCII letters, digits and "_.:-" (at most 128), and for it text of at most ${ATTRIBUTE_TEXT_MAX_CHARACTERS} characters, a number, true, false or null`;

export const id = z.string(ID_EXPECTED).regex(ID, ID_EXPECTED);

const REMARK_EXPECTED = 'text of 1 to 1024 characters';
/** Free text for people. */
export const remark = z.string(REMARK_EXPECTED).min(1, REMARK_EXPECTED).max(1024, REMARK_EXPECTED);

export const instant = z
  .string(INSTANT_EXPECTED)
  .refine((text) => parseInstantMs(text) !== undefined, INSTANT_EXPECTED)
  .meta({ format: 'date-time' });

export const moment = z.custom<Moment>(isMoment, MOMENT_EXPECTED).meta({
  anyOf: [
    { type: 'string', format: 'date-time' },
    {
      type: 'object',
      properties: {
        date: { type: 'string', format: 'date' },
        zone: { type: 'string', description: 'a name of the IANA time zone database' },
      },
      required: ['date', 'zone'],
    },
  ],
});

/** Checked by hand: a zod record runs a schema per name, and this is in nearly every event. */
export const attributes = z
  .custom<Attributes>(isBoundedObject, ATTRIBUTES_EXPECTED)
  .check((context) => {
    const wrong = findWrongAttribute(context.value);
    if (wrong === undefined) return;
    context.issues.push({
      code: 'custom',
      message: ATTRIBUTE_EXPECTED,
      path: [wrong],
      input: undefined,
    });
  })
  .meta({
    type: 'object',
    maxProperties: ATTRIBUTES_MAX_COUNT,
    propertyNames: { pattern: ATTRIBUTE_NAME.source },
    additionalProperties: {
      type: ['string', 'number', 'boolean', 'null'],
      maxLength: ATTRIBUTE_TEXT_MAX_CHARACTERS,
    },
  });

/** The `data` of an event. Members beyond the shape are allowed everywhere, and kept. */
export function dataOf<T extends z.ZodRawShape>(shape: T): z.ZodObject<T> {
  return z.object(shape, 'an object as the contract of this type says');
}

export const person = z.object({ source: id, externalId: id }, 'an object {source, externalId}');

/** A person or workload as a source knows it. */
export type PersonReference = Immutable<z.infer<typeof person>>;

export function oneOf<const T extends readonly [string, ...string[]]>(
  values: T,
): z.ZodEnum<{ [K in T[number]]: K }> {
  return z.enum(values, `one of ${values.map((value) => `"${value}"`).join(', ')}`);
}

export function wholeNumber(least: number, most: number): z.ZodNumber {
  const expected = `a whole number from ${least} to ${most}`;
  return z.int(expected).min(least, expected).max(most, expected);
}

function isBoundedObject(value: unknown): value is Attributes {
  return isObject(value) && Object.keys(value).length <= ATTRIBUTES_MAX_COUNT;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function findWrongAttribute(values: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(values).find(
    (name) => !ATTRIBUTE_NAME.test(name) || !isAttributeValue(values[name]),
  );
}

function isAttributeValue(value: unknown): value is AttributeValue {
  if (typeof value === 'string') return value.length <= ATTRIBUTE_TEXT_MAX_CHARACTERS;
  return value === null || typeof value === 'boolean' || Number.isFinite(value);
}
