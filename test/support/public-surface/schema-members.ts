/** A JSON Schema as docs/contracts has it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly string[];
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
  'enum',
]);

/**
 * Every place of a schema by its path, with whether it is required and all that restricts it there:
 * `person.source` of an object, `roles[]` of an array, `at|1` of an alternative, `attributes.*` of any
 * further member, `state=active` of a value in a list.
 */
export function schemaMembers(
  schema: JsonSchema,
  path: string,
  presence = 'required',
): readonly (readonly [path: string, text: string])[] {
  const { properties = {}, required = [], items, additionalProperties, anyOf = [] } = schema;
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
    ...anyOf.flatMap((one, at) => schemaMembers(one, `${path}|${at + 1}`, 'alternative')),
  ];
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
