import type { Client } from 'pg';
import { nameOf, type Query, wrappedClient } from './wrapped-client.ts';

/** What was sent over the connections. */
export interface Sent {
  /** Names of prepared statements, first words of others, in the order in which they were sent. */
  readonly statements: readonly string[];
  /** Their texts. */
  readonly texts: readonly string[];
  /**
   * The longest chain of statements of which each was sent after the answer to the one before. Statements sent without
   * waiting for answers share a round trip, in any order of the answers.
   */
  readonly roundTrips: number;
}

/** Counts of what was sent. */
export interface Figures {
  readonly statements: number;
  readonly roundTrips: number;
}

/** The maximum of each. */
export function mostOf(all: readonly Sent[]): Figures {
  return {
    statements: Math.max(...all.map(({ statements }) => statements.length)),
    roundTrips: Math.max(...all.map(({ roundTrips }) => roundTrips)),
  };
}

/** Connections that count what they send. */
export interface Wire {
  readonly Client: typeof Client;
  /** How many statements of this name were sent since the last `drain`. */
  seen(name: string): number;
  /** What was sent since the last call. No statement may be in flight. */
  drain(): Sent;
}

export function openWire(): Wire {
  let statements: string[] = [];
  let texts: string[] = [];
  let sentRound = 0;
  let answeredRound = 0;
  const wrap =
    (query: Query): Query =>
    (config, values) => {
      statements.push(nameOf(config));
      texts.push(typeof config === 'object' ? config.text : config);
      const round = answeredRound + 1;
      sentRound = Math.max(sentRound, round);
      const answered = (): void => {
        answeredRound = Math.max(answeredRound, round);
      };
      const answer = query(config, values);
      // Registered before the caller's own continuation.
      answer.then(answered, answered);
      return answer;
    };
  return {
    Client: wrappedClient(wrap),
    seen: (name) => statements.filter((sent) => sent === name).length,
    drain() {
      const sent = { statements, texts, roundTrips: sentRound };
      statements = [];
      texts = [];
      sentRound = 0;
      answeredRound = 0;
      return sent;
    },
  };
}
