import { type Attributes } from '@latchkey/contracts';
import { type AttributeDeclaration, type KnownAttributes, type KnownValue } from './attribute.ts';
import { type Policy } from './policy.ts';

/**
 * Those of `attributes` that the policy lets this source state. A value of another type than declared counts as
 * cleared: a condition that needs it is unknown.
 */
export function permittedAttributes(
  attributes: Attributes,
  source: string,
  policy: Policy,
): KnownAttributes {
  const permitted = policy.attributesBySource.get(source);
  const known: Record<string, KnownValue | null> = {};
  if (permitted === undefined) return known;
  for (const name in attributes) {
    const declaration = permitted.get(name);
    if (declaration === undefined) continue;
    const value = attributes[name];
    known[name] = hasDeclaredType(value, declaration) ? value : null;
  }
  return known;
}

/** How many of `attributes` rules cannot see: not declared, not for this source to state, or of another type. */
export function countIgnored(attributes: Attributes, source: string, policy: Policy): number {
  const permitted = policy.attributesBySource.get(source);
  return Object.entries(attributes).filter(([name, value]) => {
    const declaration = permitted?.get(name);
    if (declaration === undefined) return true;
    return value !== null && !hasDeclaredType(value, declaration);
  }).length;
}

/** The attributes in force once `later` overrides `earlier`, name by name; cleared ones are gone. */
export function layOver(earlier: KnownAttributes, later: KnownAttributes): KnownAttributes {
  const laid: Record<string, KnownValue | null> = {};
  for (const name in earlier) {
    const value = earlier[name];
    if (value !== undefined && value !== null) laid[name] = value;
  }
  for (const name in later) {
    const value = later[name];
    if (value === null || value === undefined) Reflect.deleteProperty(laid, name);
    else laid[name] = value;
  }
  return laid;
}

/** The same names with the same values. */
export function sameAttributes(one: KnownAttributes, other: KnownAttributes): boolean {
  if (one === other) return true;
  let count = 0;
  for (const name in one) {
    if (one[name] !== other[name]) return false;
    count += 1;
  }
  return count === Object.keys(other).length;
}

function hasDeclaredType(
  value: Attributes[string] | undefined,
  declaration: AttributeDeclaration,
): value is KnownValue {
  return typeof value === declaration.type;
}
