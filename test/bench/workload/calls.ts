import { openRandom } from '../../faults/workload/random.ts';
import { HR, IVR } from '../../support/events.ts';
import { interleave } from './interleave.ts';
import { hashOf } from './permutation.ts';
import { paddingOf, traceparentOf, type Unnumbered } from './unnumbered.ts';
import type { Workload } from './workload.ts';

export const EVENTS_PER_CALL = 6;
const CALLS_AT_ONCE = 50;
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

type Report = readonly [kind: string, data: object];

/** Generates events about verifications; the last calls may be incomplete. */
export function* callEvents(workload: Workload, events: number): Generator<Unnumbered> {
  const calls = Math.ceil(events / EVENTS_PER_CALL);
  const storyOf = (index: number): readonly Unnumbered[] => callOf(workload, index);
  const random = openRandom(workload.seed + 1);
  let left = events;
  for (const event of interleave(calls, storyOf, CALLS_AT_ONCE, random)) {
    if (left <= 0) return;
    left -= 1;
    yield event;
  }
}

/** A help desk verification: requested, called back, right PIN. */
function callOf({ seed, prefix, todayMs, payloadBytes }: Workload, index: number): Unnumbered[] {
  const verification = `${prefix}-v${index}`;
  const from = { attempt: 'A1', platform: 'acme-voice', call: { session: `S-${verification}` } };
  const transcript = paddingOf(payloadBytes);
  const person = { source: HR, externalId: `${prefix}-p${hashOf(seed, index, 11) % 1_000_000}` };
  const bridge = { bridge: 'ivr-eu-central-1b', line: '+49 30 5550100', flow: 'helpdesk-reset/v7' };
  const reports: readonly Report[] = [
    ['requested', { person, purpose: 'helpdesk-reset', requestedBy: 'service-desk', ...bridge }],
    ['attempt-opened', { ...from, channel: 'voice', ...bridge }],
    ['call-progressed', { ...from, status: 'ringing', sequence: 1, ...bridge }],
    [
      'call-progressed',
      { ...from, status: 'answered', answeredBy: 'human', sequence: 2, ...bridge },
    ],
    ['input-checked', { ...from, step: 'enter-pin', factor: 'pin', result: 'match', ...bridge }],
    [
      'call-progressed',
      { ...from, status: 'ended', endReason: 'completed', sequence: 3, ...bridge },
    ],
  ];
  return reports.map(([kind, data], step) => ({
    specversion: '1.0',
    source: IVR,
    type: `latchkey.verification.${kind}.v1`,
    subject: verification,
    time: new Date(todayMs - DAY_MS + step * SECOND_MS).toISOString(),
    datacontenttype: 'application/json',
    traceparent: traceparentOf(seed, index, step),
    data: { verification, ...data, ...(transcript === undefined ? {} : { transcript }) },
  }));
}
