import { EFFECT_SCHEMAS, type EffectDataByType, type EffectType } from '@latchkey/contracts';
import type { PublishedRecord } from '@latchkey/publication';

/** What a message says; undefined where it is of another type, or breaks its contract: then it is no message of ours. */
export function dataIn<T extends EffectType>(
  type: T,
  { record: { headers, value } }: PublishedRecord,
): EffectDataByType[T] | undefined {
  const found = headers.findLast(([name]) => name === 'ce_type');
  if (found?.[1].toString() !== type || value === null) return undefined;
  const parsed = EFFECT_SCHEMAS[type].safeParse(jsonOf(value.toString()));
  return parsed.success ? (parsed.data as EffectDataByType[T]) : undefined;
}

/** undefined where it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
