/** Boundaries of a batch in the reconciler, in the order in which it passes them. */
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

/** Boundaries of a transaction in the relay. `acquiring` comes before its predecessor is fenced. */
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

/** How a process goes on from a failpoint: on its way, without its connections, or with an error in its hands. */
export type Proceeding = 'go' | 'cut' | 'error';

/** What a process with failpoints is told. */
export type ToChild =
  /** The next one to pass this point stops there. */
  | { readonly arm: Point }
  /** Nobody stops, and whoever stands there goes on. */
  | { readonly disarm: true }
  | { readonly proceed: Proceeding };

/** What it answers: it stands at the point, until it is told how to proceed. */
export interface FromChild {
  readonly reached: Point;
}
