import type { Wiretap } from './proxy.ts';

/** Drops replies of one kind on request. */
export interface LostReplies {
  readonly tap: () => Wiretap;
  /** Drops the next reply. */
  loseNext(): void;
  /** Number of dropped replies. */
  readonly lost: () => number;
}

/** Drops PostgreSQL's CommandComplete of COMMIT: the transaction is committed, and the client gets no reply. */
export function loseCommitReplies(): LostReplies {
  const committed = Buffer.from('COMMIT\0');
  return loseReplies(() => ({
    isReply: (bytes) => bytes.includes(committed),
    sees: () => undefined,
  }));
}

const PRODUCE = 0;
/** Length (4), API key (2), API version (2), correlation id (4). */
const HEADER_BYTES = 12;

/** Drops a broker's reply to a Produce request: the messages are in the log, and the producer gets no reply. */
export function loseProduceReplies(): LostReplies {
  return loseReplies(() => {
    let awaited: number | undefined;
    return {
      sees: (bytes) => {
        if (bytes.length >= HEADER_BYTES && bytes.readInt16BE(4) === PRODUCE) {
          awaited = bytes.readInt32BE(8);
        }
      },
      // Length (4), correlation id (4).
      isReply: (bytes) => bytes.length >= 8 && bytes.readInt32BE(4) === awaited,
    };
  });
}

interface Matcher {
  sees(fromClient: Buffer): void;
  isReply(fromServer: Buffer): boolean;
}

function loseReplies(createMatcher: () => Matcher): LostReplies {
  let wanted = 0;
  let lost = 0;
  return {
    tap: () => {
      const matcher = createMatcher();
      return {
        fromClient: (bytes) => {
          matcher.sees(bytes);
        },
        fromServer: (bytes) => {
          if (wanted === 0 || !matcher.isReply(bytes)) return true;
          wanted -= 1;
          lost += 1;
          return false;
        },
      };
    },
    loseNext: () => {
      wanted += 1;
    },
    lost: () => lost,
  };
}
