import { z } from 'zod';
import { changeKind, changeReason } from '../effects/access.ts';
import { causes, type Immutable, instant, name, uuid } from '../effects/fields.ts';
import { lifecycle } from '../effects/lifecycle.ts';
import { oneOf } from '../events/fields.ts';
import { owner, reasonHash } from './fields.ts';

export const factKind = oneOf([
  'joined',
  'moved',
  'left',
  'suspended',
  'resumed',
  'rescinded',
  'stated',
  'blocked',
  'released',
]);

/** What a source stated about an identity was recorded; first in the entry of its event. */
export const factRecorded = z.object({
  kind: z.literal('fact'),
  fact: factKind,
  disposition: oneOf(['applied', 'stale']),
  reasonHash: reasonHash.optional(),
});

/**
 * The identity could not be decided when the fact arrived: the fact is kept, and due work decides it later. `cause` names a
 * kind of error, never a value.
 */
export const identityUndecided = z.object({
  kind: z.literal('undecided'),
  cause: z.string().min(1).max(1024),
});

export const lifecycleDecided = z.object({
  kind: z.literal('lifecycle'),
  owner,
  from: lifecycle.nullable(),
  to: lifecycle,
  effectiveAt: instant,
  causes,
});

/** A rule of the policy at its hash. */
const rule = z.object({ rule: name, hash: z.string().min(1).max(128) });

export const accountDecided = z.object({
  kind: changeKind,
  owner,
  target: name,
  accountId: uuid,
  entitlement: name.optional(),
  reason: changeReason,
  /** Rules that give the entitlement now; of a `revoke`, those that gave it. */
  rules: z.array(rule).optional(),
  causes,
});

/** The lifecycle of an identity changes. */
export type LifecycleDecision = Immutable<z.infer<typeof lifecycleDecided>>;
/** An account of an identity changes. */
export type AccountDecision = Immutable<z.infer<typeof accountDecided>>;
