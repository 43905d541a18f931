import { z } from 'zod';
import { generation, type Immutable, instant, name, uuid } from './fields.ts';

export const reviewOpened = z.object({
  review: uuid,
  kind: name.optional(),
  subject: z.string().min(1).max(2048),
  owner: name,
  dueAt: instant,
});

export const reviewResolved = z.object({
  review: uuid,
  kind: name,
  version: generation,
  subject: z.string().min(1).max(2048),
  owner: name,
  dueAt: instant,
  resolution: name,
});

/**
 * A review that needs no decision any more. `resolution`: `became_known`; `facts_agree` where newer facts settled it;
 * `decided` where what could not be decided before now was; `superseded` where a database that went back has forgotten it, or
 * counts it in another review.
 */
export type ReviewResolvedData = Immutable<z.infer<typeof reviewResolved>>;

/** A person must decide. */
export type ReviewOpenedData = Immutable<z.infer<typeof reviewOpened>>;
