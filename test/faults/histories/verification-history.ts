import fc from 'fast-check';
import { IVR, type SentEvent } from '../../support/events.ts';

type Said = readonly [kind: string, data: object];

const CALL = { platform: 'acme', call: { session: 'S' } };
const factors = fc.constantFrom('pin', 'voice');

/** What is told of one attempt: it is opened, has telemetry, and either inputs or one verdict. */
function attemptOf(attempt: string): fc.Arbitrary<readonly Said[]> {
  const by = { attempt, ...CALL };
  const opened: Said = ['attempt-opened', { ...by, channel: 'voice' }];
  const status = fc.constantFrom('queued', 'ringing', 'answered');
  const progress = fc.array(
    status.map((now): Said => ['call-progressed', { ...by, status: now }]),
    { maxLength: 3 },
  );
  const input = fc.record({
    factor: factors,
    result: fc.constantFrom('match', 'mismatch', 'no_input'),
  });
  const inputs = fc
    .array(input, { maxLength: 5 })
    .map((all) =>
      all.map((one, at): Said => ['input-checked', { ...by, step: `${at + 1}`, ...one }]),
    );
  const verdict = fc
    .constantFrom('verified', 'rejected', 'inconclusive', 'max_attempts', 'cancelled')
    .map((said): readonly Said[] => [
      ['verdict-reached', { ...by, verdict: said, decidedBy: 'b' }],
    ]);
  return fc
    .tuple(progress, fc.oneof(inputs, verdict))
    .map(([telemetry, decisive]) => [opened, ...telemetry, ...decisive]);
}

const requested = fc
  .record(
    {
      purpose: fc.constantFrom('callback', 'helpdesk-reset', 'transfer-approval'),
      maxFailures: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: ['purpose'] },
  )
  .map((data): Said => ['requested', { expiresAt: '2090-01-01T00:00:00Z', ...data }]);

const cancelled = fc.constantFrom<readonly Said[]>(
  [],
  [],
  [['cancelled', { reason: 'asked twice' }]],
);

/** Reports of one verification in the order in which they arrive, some twice; they may contradict each other. */
export class VerificationHistory {
  readonly events: readonly SentEvent[];
  readonly arriving: readonly SentEvent[];

  constructor(said: readonly Said[], ranks: readonly number[], again: readonly number[]) {
    this.events = said.map(([kind, data], at) => ({
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
    attempts: fc.oneof(
      attemptOf('A1').map((one) => [one]),
      fc.tuple(attemptOf('A1'), attemptOf('A2')),
    ),
    cancellation: cancelled,
    ranks: fc.array(fc.nat(99), { minLength: 1, maxLength: 20 }),
    again: fc.array(fc.nat(99), { maxLength: 4 }),
  })
  .map(({ request, attempts, cancellation, ranks, again }) => {
    const said = [request, ...attempts.flat(), ...cancellation];
    return new VerificationHistory(said, ranks, again);
  });
