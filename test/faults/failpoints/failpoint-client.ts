import type { Client, QueryConfig } from 'pg';
import { nameOf, type Query, wrappedClient } from '../../support/wrapped-client.ts';

/** What happens around the statements of one connection; each hook may hold the statement up. */
export interface QueryTaps {
  /** True where the hook `sending` must not run before everything sent so far was answered. */
  waitsForAnswers(name: string): boolean;
  sending(name: string): Promise<'go' | 'error'>;
  /** The statement is on its way, the answer is not there. */
  sent(name: string): Promise<'go' | 'error'>;
  answered(name: string): Promise<'go' | 'error'>;
}

/** An error reply of the server itself, so that the transaction is lost on its side too. */
const FAIL = `do $$ begin raise exception 'injected' using errcode = 'deadlock_detected'; end $$`;

/** Connections like pg's own, with hooks around each statement. Their order on the wire stays as it is. */
export function tappedClient(createTaps: () => QueryTaps): typeof Client {
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
    if ((await taps.answered(name)) === 'go') return result;
    if (name === 'commit') return lostReply(Promise.resolve());
    return query(FAIL);
  };
}

/** The answer came, and the caller hears that the server was shut down. */
async function lostReply(answer: Promise<unknown>): Promise<never> {
  await answer.catch(() => undefined);
  throw Object.assign(new Error('injected: terminating connection'), {
    severity: 'FATAL',
    code: '57P01',
  });
}
