/** One row of the final table. */
export interface ReportRow {
  readonly what: string;
  /** Number of tries. */
  readonly tried: number;
  readonly failed: number;
  readonly figure: string;
}

/** Result of a part of the suite. */
export interface PartReport {
  readonly rows: readonly ReportRow[];
  readonly failed: boolean;
}
