import { z } from 'zod';
import { oneOf } from '../events/fields.ts';
import { causes, generation, type Immutable, instant, uuid } from './fields.ts';

export const lifecycle = oneOf([
  'pre_active',
  'active',
  'suspended',
  'leaving',
  'inactive',
  'archived',
]);

export const lifecycleChanged = z.object({
  identityId: uuid,
  lifecycle,
  previous: lifecycle.nullable(),
  generation,
  effectiveAt: instant,
  causes,
});

/** The phase that an identity is in. */
export type Lifecycle = z.infer<typeof lifecycle>;
/** The lifecycle of an identity changed; the first `previous` is `null`. */
export type LifecycleChangedData = Immutable<z.infer<typeof lifecycleChanged>>;
