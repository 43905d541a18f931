import { z } from 'zod';
import { type Immutable, instant, name, uuid } from './fields.ts';

export const reviewOpened = z.object({
  review: uuid,
  kind: name.optional(),
  subject: z.string().min(1).max(2048),
  owner: name,
  dueAt: instant,
});

/** A person must decide. */
export type ReviewOpenedData = Immutable<z.infer<typeof reviewOpened>>;
