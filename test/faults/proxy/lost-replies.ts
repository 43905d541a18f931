import type { Wiretap } from './proxy.ts';

/** Loses the next reply of a kind, once, each time it is asked to. */
export interface LostReplies {
  readonly tap: () => Wiretap;
  loseNext(): void;
  /** How many were lost so far. */
  readonly lost: () => number;
}

/** PostgreSQL's CommandComplete with the tag COMMIT: the transaction was committed, and the client never hears it. */
export function lostCommitReplies(): LostReplies {
  const committed = Buffer.from('COMMIT\0');
  return losing(() => ({ isReply: (bytes) => bytes.includes(committed), sees: () => undefined }));
}

const PRODUCE = 0;
/** Length (4), API key (2), API version (2), correlation id (4). */
const HEADER_BYTES = 12;

/** A broker's answer to a Produce request: the messages are in the log, and the producer never hears it. */
export function lostProduceReplies(): LostReplies {
  return losing(() => {
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

function losing(createMatcher: () => Matcher): LostReplies {
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
