/** Sizes of the measurements. Counts are events per round. */
export interface Sizes {
  /** Rounds after the warm-up round. */
  readonly rounds: number;
  /** Size of the warm-up round, as a share of the others. */
  readonly warmUpShare: number;
  /** Events by name of the arm: fewer for slow arms, since rates are compared. */
  readonly events: Readonly<Record<string, number>>;
  readonly ablationRounds: number;
  readonly ablationEvents: number;
  /** Shares of the capacity. */
  readonly loads: readonly number[];
  readonly latencySeconds: number;
  readonly relayRounds: number;
  readonly relayMessages: number;
  readonly backlogEvents: number;
  /** Persons of the snapshots of a year, and nights. */
  readonly yearPeople: number;
  readonly yearNights: number;
  readonly growth: 'short' | 'long';
  /** Persons of the growth axes that count facts behind each; undefined: by `growth`. */
  readonly people?: number;
}

export const FULL: Sizes = {
  rounds: 5,
  warmUpShare: 0.5,
  events: { A: 2_000, B: 1_500, C: 70_000, D: 120_000 },
  ablationRounds: 2,
  ablationEvents: 40_000,
  loads: [0.1, 0.5, 0.8],
  latencySeconds: 20,
  relayRounds: 3,
  relayMessages: 200_000,
  backlogEvents: 1_000_000,
  yearPeople: 1_000,
  yearNights: 40,
  growth: 'short',
};

export const QUICK: Sizes = {
  rounds: 1,
  warmUpShare: 0.5,
  events: { A: 2_000, B: 3_000, C: 40_000, D: 60_000 },
  ablationRounds: 1,
  ablationEvents: 30_000,
  loads: [0.5],
  latencySeconds: 10,
  relayRounds: 1,
  relayMessages: 100_000,
  backlogEvents: 200_000,
  yearPeople: 1_000,
  yearNights: 40,
  growth: 'short',
};
