import { type InputTopic } from './topics.ts';

/** A system that may send events, as the policy registers it. */
export interface RegisteredSource {
  /** The envelope's `source`, compared character by character. */
  readonly source: string;
  /** What puts its facts in order: `sourceversion`, or the envelope's `time`. */
  readonly order: 'revision' | 'modified';
  /** Topics whose access rules on the broker authenticate it. */
  readonly topics: readonly InputTopic[];
  /** Event types that it may send: exact, or a prefix that ends in `.*`. */
  readonly types: readonly string[];
  /** May block and release persons other than its own subject. */
  readonly aboutAnybody: boolean;
}

/** Registered sources by the envelope's `source`. */
export type SourceRegistry = ReadonlyMap<string, RegisteredSource>;
