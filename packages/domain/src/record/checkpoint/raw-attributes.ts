import { type Attributes, derivedId } from '@latchkey/contracts';
import { type KnownAttributes } from '../../policy/attribute.ts';

/** Longer texts are replaced by a digest while heads are made, so that many facts fit in memory. */
const TEXT_MAX_CHARACTERS = 256;

/** No text that a person types begins with it; one that does is only taken for a digest, and read from its fact. */
const DIGEST = '\u0000digest:';

/**
 * All attributes, declared or not, for a fold that does not depend on the policy. Equal texts have equal digests.
 */
export function rawAttributes(attributes: Attributes): KnownAttributes {
  if (!Object.values(attributes).some(isLong)) return attributes;
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      isLong(value) ? `${DIGEST}${derivedId('text', String(value))}` : value,
    ]),
  );
}

/** Whether the values can only be read from their fact. */
export function hasDigest(attributes: KnownAttributes): boolean {
  return Object.values(attributes).some(
    (value) => typeof value === 'string' && value.startsWith(DIGEST),
  );
}

function isLong(value: Attributes[string] | undefined): boolean {
  return typeof value === 'string' && value.length > TEXT_MAX_CHARACTERS;
}
