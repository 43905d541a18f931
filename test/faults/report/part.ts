/** One line of the table at the end. */
export interface ReportRow {
  readonly what: string;
  /** How often. */
  readonly tried: number;
  readonly failed: number;
  readonly figure: string;
}

/** What a part of the suite found. */
export interface PartReport {
  readonly rows: readonly ReportRow[];
  readonly failed: boolean;
}
