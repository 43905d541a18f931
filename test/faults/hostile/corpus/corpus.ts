import { BYTES } from './bytes.ts';
import { DATA } from './data.ts';
import { ENVELOPES } from './envelopes.ts';
import { type Hostile } from './texts.ts';
import { TYPES } from './types.ts';

/** What was meant to break us, with one line of why each. Ids are different, so that none hides another. */
export const CORPUS: readonly Hostile[] = [...ENVELOPES, ...DATA, ...BYTES, ...TYPES];
