/** Boundaries of a batch in the reconciler, in order. */
export const RECONCILER_POINTS = [
  'fetched',
  'parsed',
  'begun',
  'claimed',
  'locked',
  'applied',
  'outbox-appended',
  'commit-sent',
  'commit-acknowledged',
  'offsets-committed',
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

export type ReconcilerPoint = (typeof RECONCILER_POINTS)[number];
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
