import type { Client } from 'pg';
import { nameOf, type Query, wrappedClient } from './wrapped-client.ts';

/** What was sent over the connections of a wire. */
export interface Sent {
  /** Names of prepared statements, first words of others, in the order in which they were sent. */
  readonly statements: readonly string[];
  /**
   * How often something was sent that had waited for an answer: the longest chain. What is sent while
   * nothing sent before it is answered shares a round trip with that, however the answers arrive.
   */
  readonly roundTrips: number;
}

/** How much was sent. */
export interface Figures {
  readonly statements: number;
  readonly roundTrips: number;
}

/** The most of each. */
export function mostOf(all: readonly Sent[]): Figures {
  return {
    statements: Math.max(...all.map(({ statements }) => statements.length)),
    roundTrips: Math.max(...all.map(({ roundTrips }) => roundTrips)),
  };
}

/** Connections that count. */
export interface Wire {
  readonly Client: typeof Client;
  /** How many statements of this name were sent since the last `take`. */
  seen(name: string): number;
  /** What was sent since the last call. Nothing may be under way. */
  take(): Sent;
}

export function openWire(): Wire {
  let statements: string[] = [];
  let sentRound = 0;
  let answeredRound = 0;
  const wrap =
    (query: Query): Query =>
    (config, values) => {
      statements.push(nameOf(config));
      const round = answeredRound + 1;
      sentRound = Math.max(sentRound, round);
      const answered = (): void => {
        answeredRound = Math.max(answeredRound, round);
      };
      const answer = query(config, values);
      // Before whoever waits for the answer goes on.
      answer.then(answered, answered);
      return answer;
    };
  return {
    Client: wrappedClient(wrap),
    seen: (name) => statements.filter((sent) => sent === name).length,
    take() {
      const sent = { statements, roundTrips: sentRound };
      statements = [];
      sentRound = 0;
      answeredRound = 0;
      return sent;
    },
  };
}
