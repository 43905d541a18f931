import type { Check } from '../observations.ts';

/** Rows that reference a missing identity, account or verification. */
export const orphans: Check = ({ evidence }) => {
  const identities = new Set(evidence.identities.map(({ identityId }) => identityId));
  const accounts = new Set(evidence.accounts.map(({ accountId }) => accountId));
  const verifications = new Set(evidence.verifications.map(({ verification }) => verification));
  const { facts, engagements, assignments, attempts, callbacks } = evidence;
  return [
    ...facts
      .filter(({ identityId }) => !identities.has(identityId))
      .map(({ eventId }) => `fact ${eventId} of no identity`),
    ...engagements
      .filter(({ identityId }) => !identities.has(identityId))
      .map(({ engagement }) => `engagement ${engagement} of no identity`),
    ...evidence.accounts
      .filter(({ identityId }) => !identities.has(identityId))
      .map(({ accountId }) => `account ${accountId} of no identity`),
    ...assignments
      .filter(({ accountId }) => !accounts.has(accountId))
      .map(({ accountId, entitlement }) => `assignment ${entitlement} of no account ${accountId}`),
    ...attempts
      .filter(({ verification }) => !verifications.has(verification))
      .map(({ verification, attempt }) => `attempt ${attempt} of no verification ${verification}`),
    ...callbacks
      .filter(({ verification }) => !verifications.has(verification))
      .map(({ eventId }) => `report ${eventId} of no verification`),
  ];
};
