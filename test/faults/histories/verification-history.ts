import fc from 'fast-check';
import { IVR, type SentEvent } from '../../support/events.ts';

type Report = readonly [kind: string, data: object];

const CALL = { platform: 'acme', call: { session: 'S' } };
const reasons = fc.constantFrom('completed', 'busy', 'no_answer', 'failed', 'canceled');
const factors = fc.constantFrom('pin', 'voice');

/**
 * Reports about one attempt: it is opened, session and legs have telemetry, and there are inputs and successes
 * that name some factors, or one other verdict.
 */
function drawAttempt(attempt: string): fc.Arbitrary<readonly Report[]> {
  const by = { attempt, ...CALL };
  const opened: Report = ['attempt-opened', { ...by, channel: 'voice' }];
  const leg = fc.constantFrom({}, { leg: 'desk' }, { leg: 'mobile' });
  const call = leg.map((named) => ({ ...CALL.call, ...named }));
  const inProgress = fc.record({ call, status: fc.constantFrom('queued', 'ringing', 'answered') });
  const over = fc.record(
    { call, status: fc.constant('ended'), endReason: reasons, answeredBy: fc.constant('human') },
    { requiredKeys: ['call', 'status'] },
  );
  const progress = fc.array(
    fc
      .oneof({ weight: 2, arbitrary: inProgress }, { weight: 1, arbitrary: over })
      .map((data): Report => ['call-progressed', { ...by, ...data }]),
    { maxLength: 5 },
  );
  const input = fc.record({
    factor: factors,
    result: fc.constantFrom('match', 'mismatch', 'no_input'),
  });
  const inputs = fc
    .array(input, { maxLength: 5 })
    .map((all) =>
      all.map((one, at): Report => ['input-checked', { ...by, step: `${at + 1}`, ...one }]),
    );
  const reached = (data: object): Report => ['verdict-reached', { ...by, decidedBy: 'b', ...data }];
  const method = fc.constantFrom('pin', 'voice', 'voice+pin', 'pin+liveness', 'liveness');
  const successes = fc.array(
    fc
      .record({ verdict: fc.constant('verified'), method }, { requiredKeys: ['verdict'] })
      .map(reached),
    { maxLength: 3 },
  );
  const other = fc
    .constantFrom('rejected', 'inconclusive', 'max_attempts', 'cancelled')
    .map((verdict): readonly Report[] => [reached({ verdict })]);
  const decisive = fc.oneof(
    fc.tuple(inputs, successes).map((both) => both.flat()),
    other,
  );
  return fc
    .tuple(progress, decisive)
    .map(([telemetry, decided]) => [opened, ...telemetry, ...decided]);
}

const requested = fc
  .record(
    {
      purpose: fc.constantFrom('callback', 'helpdesk-reset', 'transfer-approval'),
      maxFailures: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: ['purpose'] },
  )
  .map((data): Report => ['requested', { expiresAt: '2090-01-01T00:00:00Z', ...data }]);

const cancelled = fc.constantFrom<readonly Report[]>(
  [],
  [],
  [['cancelled', { reason: 'asked twice' }]],
);

/** Reports of one verification in the order in which they arrive, some twice; they may contradict each other. */
export class VerificationHistory {
  readonly events: readonly SentEvent[];
  readonly arriving: readonly SentEvent[];

  constructor(reports: readonly Report[], ranks: readonly number[], again: readonly number[]) {
    this.events = reports.map(([kind, data], at) => ({
      specversion: '1.0',
      id: `v1-${at + 1}`,
      source: IVR,
      type: `latchkey.verification.${kind}.v1`,
      subject: 'v1',
      time: '2024-02-01T00:00:00Z',
      data: { verification: 'v1', ...data },
    }));
    const repeated = again.map((index) => this.events[index % this.events.length] as SentEvent);
    this.arriving = [...this.events, ...repeated]
      .map((event, at) => ({ event, rank: ranks[at % ranks.length] ?? 0 }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ event }) => event);
  }

  [fc.toStringMethod](): string {
    const lines = this.arriving.map(
      ({ type, id, data }) => `  ${type} ${id} ${JSON.stringify(data)}`,
    );
    return `\n${lines.join('\n')}\n`;
  }
}

export const verificationHistories: fc.Arbitrary<VerificationHistory> = fc
  .record({
    request: requested,
    isLimited: fc.boolean(),
    attempts: fc.oneof(
      drawAttempt('A1').map((one) => [one]),
      fc.tuple(drawAttempt('A1'), drawAttempt('A2')),
    ),
    cancellation: cancelled,
    ranks: fc.array(fc.nat(99), { minLength: 1, maxLength: 20 }),
    again: fc.array(fc.nat(99), { maxLength: 4 }),
  })
  .map(({ request: [kind, data], isLimited, attempts, cancellation, ranks, again }) => {
    // A further attempt would be refused; which one depends on the order.
    const limit = isLimited ? { maxAttempts: attempts.length } : {};
    const reports: readonly Report[] = [
      [kind, { ...data, ...limit }],
      ...attempts.flat(),
      ...cancellation,
    ];
    return new VerificationHistory(reports, ranks, again);
  });
