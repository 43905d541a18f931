import type { Client, QueryConfig, QueryResult } from 'pg';
import { nameOf, type Query, wrappedClient } from '../../support/wrapped-client.ts';

/** Hooks around the statements of one connection. Each may delay the statement. */
export interface QueryTaps {
  /** True where `sending` must wait for the answers to all earlier statements. */
  waitsForAnswers(name: string): boolean;
  sending(name: string): Promise<'go' | 'error'>;
  /** The statement is sent, its answer has not arrived. */
  sent(name: string): Promise<'go' | 'error'>;
  answered(name: string, rowCount: number): Promise<'go' | 'error'>;
}

/** Provokes an error of the server, so that the server aborts the transaction too. */
const FAIL = `do $$ begin raise exception 'injected' using errcode = 'deadlock_detected'; end $$`;

/** A `pg` client with hooks around each statement. Statements keep their order. */
export function createTappedClient(createTaps: () => QueryTaps): typeof Client {
  return wrappedClient((query) => tapped(query, createTaps()));
}

function tapped(query: Query, taps: QueryTaps): Query {
  let lastSent: Promise<unknown> = Promise.resolve();
  const unanswered = new Set<Promise<unknown>>();
  const send = async (config: string | QueryConfig, values: unknown, name: string) => {
    if (taps.waitsForAnswers(name)) await Promise.allSettled(unanswered);
    const isFailing = (await taps.sending(name)) === 'error';
    const answer = isFailing ? query(FAIL) : query(config, values);
    unanswered.add(answer);
    answer.catch(() => undefined).finally(() => unanswered.delete(answer));
    const outcome = await taps.sent(name);
    return { answer: outcome === 'error' ? lostReply(answer) : answer };
  };
  return async (config, values) => {
    const name = nameOf(config);
    const sending = lastSent.then(() => send(config, values, name));
    lastSent = sending.catch(() => undefined);
    const result = await (await sending).answer;
    if ((await taps.answered(name, rowCountOf(result))) === 'go') return result;
    if (name === 'commit') return lostReply(Promise.resolve());
    return query(FAIL);
  };
}

function rowCountOf(result: unknown): number {
  return (result as Partial<QueryResult> | undefined)?.rowCount ?? 0;
}

/** Waits for the answer, then rejects as if the server had shut down. */
async function lostReply(answer: Promise<unknown>): Promise<never> {
  await answer.catch(() => undefined);
  throw Object.assign(new Error('injected: terminating connection'), {
    severity: 'FATAL',
    code: '57P01',
  });
}
