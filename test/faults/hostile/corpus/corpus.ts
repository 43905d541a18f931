import { BYTES } from './bytes.ts';
import { DATA } from './data.ts';
import { ENVELOPES } from './envelopes.ts';
import { type Hostile } from './texts.ts';
import { TYPES } from './types.ts';

/** Hand-written hostile deliveries, each with its reason. Ids are unique, so that none is a duplicate. */
export const CORPUS: readonly Hostile[] = [...ENVELOPES, ...DATA, ...BYTES, ...TYPES];
