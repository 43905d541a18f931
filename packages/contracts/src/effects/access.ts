import { z } from 'zod';
import { attributes, oneOf } from '../events/fields.ts';
import { causes, generation, type Immutable, instant, name, uuid } from './fields.ts';

export const accountState = oneOf(['absent', 'disabled', 'enabled']);

export const changeKind = oneOf([
  'create',
  'enable',
  'disable',
  'delete',
  'update',
  'grant',
  'revoke',
]);

export const changeReason = oneOf([
  'birthright',
  'mover',
  'leaver',
  'block',
  'release',
  'correction',
  'clock',
]);

/** A rule of the policy at its hash, or the review that holds a removal back. */
const reason = z.union([
  z.object({ rule: name, hash: z.string().min(1).max(128) }),
  z.object({ held: uuid }),
]);

const change = z.object({
  kind: changeKind,
  entitlement: name.optional(),
  reason: changeReason,
});

export const accessDesired = z.object({
  effect: uuid,
  identityId: uuid,
  target: name,
  accountId: uuid,
  generation,
  account: z.object({ state: accountState, userName: name.optional(), attributes }),
  entitlements: z.array(z.object({ name, reasons: z.array(reason).min(1) })),
  changes: z.array(change).min(1),
  held: z
    .array(z.object({ kind: changeKind, entitlement: name.optional(), review: uuid }))
    .optional(),
  notAfter: instant.optional(),
  causes,
});

/** The desired state of an account. */
export type AccountState = z.infer<typeof accountState>;
/** What differs from the generation before. */
export type ChangeKind = z.infer<typeof changeKind>;
/** What brought a change about. */
export type ChangeReason = z.infer<typeof changeReason>;
/** The whole desired state of one account, and what changed. */
export type AccessDesiredData = Immutable<z.infer<typeof accessDesired>>;
