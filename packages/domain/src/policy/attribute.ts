/** A value about a person that sources may state and rules may read. */
export interface AttributeDeclaration {
  readonly name: string;
  readonly type: 'string' | 'number' | 'boolean';
  /** `person`: the same in all engagements of a person. */
  readonly scope: 'person' | 'engagement';
}

export type KnownValue = string | number | boolean;

/**
 * Values by declared name. `null` stands for a cleared name where that overrides an older value, and is gone
 * from what is in force at a moment.
 */
export type KnownAttributes = Readonly<Record<string, KnownValue | null>>;
