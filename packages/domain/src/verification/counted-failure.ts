/** Whose failures are counted, and for what. */
export interface FailureKey {
  /** The person, `<source>#<external id>`; where none is named `verification#<id>`. */
  readonly subject: string;
  /** In NFC. */
  readonly purpose: string;
}

export interface CountedFailure {
  /** What failed, unique among all verifications: counted once however often it is reported. */
  readonly step: string;
  readonly atMs: number;
}

/** A row of `verification_failure`: failures in a row, oldest first. */
export interface FailureCount extends FailureKey {
  readonly failures: readonly CountedFailure[];
}
