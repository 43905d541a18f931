import { z } from 'zod';
import { id } from '../events/fields.ts';
import { FAILURES, type FailureCode } from '../failure.ts';
import { type Immutable, instant, uuid } from './fields.ts';

export const deliveryDeadLettered = z.object({
  deadLetter: uuid,
  code: z.enum(Object.keys(FAILURES) as [FailureCode, ...FailureCode[]]),
  topic: z.string().min(1).max(249),
  partition: z.int().min(0),
  offset: z.int().min(0),
  eventId: z.string().min(1).max(1024).optional(),
  source: z.string().min(1).max(256).optional(),
  type: id.optional(),
  attempts: z.int().min(1),
  at: instant,
});

/** A delivery was given up. Contains where it is, never its content. */
export type DeliveryDeadLetteredData = Immutable<z.infer<typeof deliveryDeadLettered>>;
