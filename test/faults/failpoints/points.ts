/** Boundaries of a batch in the reconciler, in order. */
export const RECONCILER_POINTS = [
  'fetched',
  'parsed',
  'begun',
  'claimed',
  'locked',
  'facts-appended',
  'applied',
  'outbox-appended',
  'commit-sent',
  'commit-acknowledged',
  'offsets-committed',
] as const;

/** Boundaries of the transactions that lease and decide work that is due, in order. */
export const DUE_POINTS = [
  'due-lease-sent',
  'due-leased',
  'due-decided',
  'due-commit-sent',
  'due-commit-acknowledged',
] as const;

/** Boundaries of a transaction in the relay, in order. `acquiring` is before the fencing of the predecessor. */
export const RELAY_POINTS = [
  'acquiring',
  'acquired',
  'read',
  'produced',
  'offsets-sent',
  'relay-commit-sent',
  'relay-commit-acknowledged',
  'published-through-written',
] as const;

/** All of them, in parts of about the same duration. */
export const PARTS: readonly (readonly Point[])[] = [
  RECONCILER_POINTS.slice(0, 6),
  RECONCILER_POINTS.slice(6),
  DUE_POINTS,
  RELAY_POINTS.slice(0, 4),
  RELAY_POINTS.slice(4),
];

export type DuePoint = (typeof DUE_POINTS)[number];
export type ReconcilerPoint = (typeof RECONCILER_POINTS)[number] | DuePoint;
export type RelayPoint = (typeof RELAY_POINTS)[number];
export type Point = ReconcilerPoint | RelayPoint;

/** How a process continues from a failpoint: normally, with all connections reset, or with an error. */
export type Proceeding = 'go' | 'cut' | 'error';

/** Messages to a process with failpoints. */
export type ToChild =
  /** The next step that reaches this point stops there. */
  | { readonly arm: Point }
  /** No step stops, and a stopped one continues. */
  | { readonly disarm: true }
  | { readonly proceed: Proceeding };

/** Its answer: it is stopped at the point and waits for `proceed`. */
export interface FromChild {
  readonly reached: Point;
}
