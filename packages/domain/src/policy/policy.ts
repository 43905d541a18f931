import { type SourceRegistry } from '@latchkey/contracts';
import { type VerificationPolicy } from '../verification/policy.ts';
import { type AttributeDeclaration } from './attribute.ts';
import { type Condition } from './condition.ts';

/** A birthright rule: while its condition holds for an engagement, the identity has its entitlements. */
export interface Rule {
  readonly name: string;
  /** SHA-256 (hex) of what the rule grants and when; the owner does not count. */
  readonly hash: string;
  readonly target: string;
  /** Sorted, at least one. */
  readonly entitlements: readonly string[];
  /** Answers for this access path. */
  readonly owner: string;
  /** `undefined`: always. */
  readonly condition: Condition | undefined;
}

export interface Entitlement {
  readonly name: string;
  readonly target: string;
  readonly risk: 'low' | 'high';
  readonly owner: string;
}

export interface Target {
  readonly name: string;
  readonly owner: string;
  /** From the disabling that ends the last reason to the deletion. */
  readonly deleteAfterMs: number;
  /** Rules that grant something here, by name. */
  readonly rules: readonly Rule[];
}

/** A policy file that was checked. Never changes; `hash` names it in every decision. */
export interface Policy {
  /** SHA-256 (hex) of the content of the file. */
  readonly hash: string;
  /** Answers for everything without a closer owner. */
  readonly owner: string;
  readonly sources: SourceRegistry;
  /** Sorted by name. */
  readonly attributes: readonly AttributeDeclaration[];
  /** By source, then by name: what it may state. */
  readonly attributesBySource: ReadonlyMap<string, ReadonlyMap<string, AttributeDeclaration>>;
  /** Sorted by name. */
  readonly targets: readonly Target[];
  readonly targetsByName: ReadonlyMap<string, Target>;
  readonly entitlements: ReadonlyMap<string, Entitlement>;
  readonly rules: ReadonlyMap<string, Rule>;
  /** An engagement counts as running up to a start of the same person that follows within this time. */
  readonly gapToleranceMs: number;
  readonly verification: VerificationPolicy;
}
