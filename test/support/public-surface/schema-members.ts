/** A JSON Schema as docs/contracts has it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
}

/** Keywords that change nothing for what is sent. */
const REMARKS = new Set(['$schema', 'title', 'description']);
/** Keywords whose contents have paths of their own. */
const NESTED = new Set([
  'properties',
  'required',
  'items',
  'additionalProperties',
  'anyOf',
  'oneOf',
  'enum',
]);

/**
 * Every place of a schema by its path, with whether it is required and all that restricts it there:
 * `person.source` of an object, `roles[]` of an array, `at|1` of an alternative, `decisions[]|fact` of an
 * alternative with a `kind` of its own, `attributes.*` of any further member, `state=active` of a value in a list.
 */
export function schemaMembers(
  schema: JsonSchema,
  path: string,
  presence = 'required',
): readonly (readonly [path: string, text: string])[] {
  const { properties = {}, required = [], items, additionalProperties } = schema;
  const values = schema.enum ?? [];
  const members = Object.entries(properties).flatMap(([name, member]) =>
    schemaMembers(member, `${path}.${name}`, required.includes(name) ? 'required' : 'optional'),
  );
  return [
    [path, [presence, ...restrictionsOf(schema)].join(' ')],
    ...values.map((value) => [`${path}=${value}`, 'value'] as const),
    ...members,
    ...(items === undefined ? [] : schemaMembers(items, `${path}[]`, 'each')),
    ...(additionalProperties === undefined
      ? []
      : schemaMembers(additionalProperties, `${path}.*`, 'each')),
    ...alternativesOf(schema).flatMap((one, at) =>
      schemaMembers(one, `${path}|${kindOf(one) ?? at + 1}`, 'alternative'),
    ),
  ];
}

function alternativesOf({ anyOf = [], oneOf = [] }: JsonSchema): readonly JsonSchema[] {
  return [...anyOf, ...oneOf];
}

function kindOf({ properties }: JsonSchema): string | undefined {
  const kind = properties?.['kind']?.const;
  return typeof kind === 'string' ? kind : undefined;
}

function restrictionsOf(schema: JsonSchema): readonly string[] {
  return Object.entries(schema)
    .filter(([keyword]) => !REMARKS.has(keyword) && !NESTED.has(keyword))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([keyword, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return `${keyword}=${text}`;
    });
}
