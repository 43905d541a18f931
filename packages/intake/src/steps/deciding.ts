import type { Policy } from '@latchkey/domain';
import type { Outputs } from './outputs.ts';

/** What a transaction decides by, and where its effects go. */
export interface Deciding {
  readonly policy: Policy;
  readonly outputs: Outputs;
  /** Hash of the sources that decide: what failed under another one is tried again at once. */
  readonly build: string;
  /** Why no identity of these events can be decided: their facts are stored, and due work is to decide. */
  readonly undecidable?: Undecidable;
}

/** Why identities cannot be decided, and what is done about them meanwhile. */
export interface Undecidable {
  readonly cause: string;
  /** Whether a block or an immediate end ends access now; false where writing that failed too, and only facts are stored. */
  readonly endsAccess: boolean;
}
