import { EFFECT_SCHEMAS, type EffectDataByType, type EffectType } from '@latchkey/contracts';
import type { PublishedRecord } from '@latchkey/publication';

/** The data of a message; undefined where it has another type, or breaks its contract: Latchkey did not publish it. */
export function parseMessage<T extends EffectType>(
  type: T,
  { record: { headers, value } }: PublishedRecord,
): EffectDataByType[T] | undefined {
  const found = headers.findLast(([name]) => name === 'ce_type');
  if (found?.[1].toString() !== type || value === null) return undefined;
  const parsed = EFFECT_SCHEMAS[type].safeParse(parseJson(value.toString()));
  return parsed.success ? (parsed.data as EffectDataByType[T]) : undefined;
}

/** undefined where the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
