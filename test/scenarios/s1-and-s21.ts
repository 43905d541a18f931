import { expect } from 'vitest';
import {
  employee,
  hrEvent,
  inDays,
  ivrEvent,
  permutationsOf,
  type SentEvent,
} from '../support/events.ts';
import { enabledAccess, knownPerson } from '../support/persons.ts';
import type { TestSystem } from '../support/system.ts';

/** S1: a joiner, a mover and a leaver, each after the effects of the one before. */
export async function joinMoveAndLeave(system: TestSystem, person: string): Promise<void> {
  await system.send(
    hrEvent('joined', person, 1, { startsAt: inDays(-3), attributes: employee('Engineering') }),
  );
  await system.settled();
  const joined = await knownPerson(system, person);
  expect(enabledAccess(joined)).toEqual({ directory: ['everyone'], mail: ['mailbox'] });
  const [reason, ...others] = joined.accounts['directory']?.entitlements[0]?.reasons ?? [];
  expect(others).toEqual([]);
  expect(Object.keys(reason ?? {}).sort()).toEqual(['hash', 'rule']);
  expect(reason?.hash).toMatch(/^[0-9a-f]{64}$/);

  await system.send(
    hrEvent('moved', person, 2, { effectiveAt: inDays(-1), attributes: { department: 'Finance' } }),
  );
  await system.settled();
  const moved = await knownPerson(system, person);
  expect(enabledAccess(moved)).toEqual({
    directory: ['everyone'],
    mail: ['mailbox'],
    finance: ['ledger-read'],
  });

  await system.send(hrEvent('left', person, 3, { endsAt: inDays(-1 / 24) }));
  await system.settled();
  const left = await knownPerson(system, person);
  expect(enabledAccess(left)).toEqual({});
  expect(left.lifecycles).toEqual(['active', 'inactive']);
  for (const target of ['directory', 'mail', 'finance']) {
    expect(left.accounts[target]?.account.state).toBe('disabled');
    const generations = left.access
      .filter((one) => one.target === target)
      .map((one) => one.generation);
    expect(generations).toEqual(generations.map((_, index) => index + 1));
  }
}

export const VOICE = { attempt: 'a1', platform: 'example' };
export const CALL = { ...VOICE, call: { session: 'c1' } };

export function settledOf(
  system: TestSystem,
  verification: string,
): readonly Record<string, unknown>[] {
  return system
    .messages()
    .filter(({ topic, key }) => topic === 'verifications' && key === verification)
    .map(({ data }) => data);
}

export function verifiedCall(verification: string): readonly SentEvent[] {
  return [
    ivrEvent('requested', verification, { purpose: 'callback' }),
    ivrEvent('attempt-opened', verification, { ...VOICE, channel: 'voice' }),
    ivrEvent('verdict-reached', verification, { ...CALL, verdict: 'verified', decidedBy: 'agent' }),
    ivrEvent('call-progressed', verification, { ...CALL, status: 'ended', endReason: 'completed' }),
  ];
}

/** S21: a call whose reports come in every order, half of them one after the other: verified once. */
export async function verifyCallsInEveryOrder(system: TestSystem): Promise<void> {
  const orders = permutationsOf([0, 1, 2, 3]);
  const histories = orders.map((order, index) => {
    const verification = `s21-${index}`;
    const events = verifiedCall(verification);
    return { verification, ordered: order.map((at) => events[at] as SentEvent) };
  });
  const [batches, singles] = [histories.slice(0, 12), histories.slice(12)];
  await system.send(...batches.flatMap(({ ordered }) => [...ordered, ...ordered]));
  for (let step = 0; step < 4; step += 1) {
    const now = singles.map(({ ordered }) => ordered[step] as SentEvent);
    await system.send(...now.flatMap((event) => [event, event]));
    await system.settled();
  }
  await system.settled();
  for (const { verification } of histories) {
    expect(settledOf(system, verification)).toMatchObject([
      { verification, outcome: 'verified', attempt: 'a1', generation: 1 },
    ]);
  }
}

/** The dispositions of the reports about a verification, in the order of arrival. */
export async function dispositionsOf(
  system: TestSystem,
  verification: string,
): Promise<readonly string[]> {
  const rows = await system.database.query<{ disposition: string }>(
    `select disposition from verification_callback where verification_id = $1
     order by first_seen_at, event_id`,
    [verification],
  );
  return rows.map(({ disposition }) => disposition);
}
