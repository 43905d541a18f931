import { z } from 'zod';

/** The documentation of a setting, from the schema of its service. */
export interface SettingDoc {
  readonly name: string;
  readonly meaning: string;
  readonly required: boolean;
  /** What a value must be, as in a refusal; undefined if any text is valid. */
  readonly expected: string | undefined;
  /** As in the environment; undefined if there is none. */
  readonly fallback: string | undefined;
  /** Its value is never shown, and NAME_FILE may name a file that contains it. */
  readonly secret: boolean;
  /** Settings that must be set when this one is. */
  readonly requires: readonly string[];
}

const settingMeta = z.object({
  description: z.string().default(''),
  secret: z.boolean().default(false),
  requires: z.array(z.string()).default([]),
});

/** Documents a shape of settings, in the order in which it names them. */
export function settingDocs(shape: z.core.$ZodShape): readonly SettingDoc[] {
  return Object.entries(shape).map(([name, schema]) => {
    const { description, secret, requires } = settingMeta.parse(metaOf(schema) ?? {});
    const required = !z.safeParse(schema, undefined).success;
    const fallback = fallbackOf(schema);
    const expected = expectedOf(schema);
    return { name, meaning: description, required, expected, fallback, secret, requires };
  });
}

/** The outermost description: `.default()` and `.optional()` hide the one before them. */
function metaOf(schema: z.core.$ZodType): z.core.GlobalMeta | undefined {
  const meta = z.globalRegistry.get(schema);
  if (meta !== undefined) return meta;
  return isWrapper(schema) ? metaOf(schema.unwrap()) : undefined;
}

function fallbackOf(schema: z.core.$ZodType): string | undefined {
  if (schema instanceof z.ZodDefault) return asText(schema.def.defaultValue);
  return isWrapper(schema) ? fallbackOf(schema.unwrap()) : undefined;
}

/** A setting with bounds refuses the empty text, and the refusal names the bounds. */
function expectedOf(schema: z.core.$ZodType): string | undefined {
  const message = z.safeParse(schema, '').error?.issues[0]?.message;
  return message?.replace(/^expected /, '').replace(/, but .*$/, '');
}

function isWrapper(schema: z.core.$ZodType): schema is z.ZodDefault | z.ZodOptional {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional;
}

function asText(value: unknown): string {
  if (Array.isArray(value)) return value.map(asText).join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
