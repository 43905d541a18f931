import type { Policy } from '@latchkey/domain';

/** A policy of a bad release: it reads, and deciding by it throws. */
export function brokenPolicy(policy: Policy): Policy {
  return {
    ...policy,
    hash: 'b'.repeat(64),
    get gapToleranceMs(): number {
      throw new TypeError('a defect of a release');
    },
  };
}
