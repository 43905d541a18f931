import { z } from 'zod';
import { id } from '../events/fields.ts';

export { type Immutable, instant } from '../events/fields.ts';

export const uuid = z.uuid();

/** Rises by exactly one per message of that object, but where the epoch was raised (`nextGeneration`); below 2^53. */
export const generation = z.int().min(1);

/** Qualified event ids. Empty where time alone was the cause and the facts that led to it are no longer known. */
export const causes = z.array(z.string().min(1).max(1024));

export const name = id;
