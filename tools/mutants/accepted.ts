import type { Mutant } from './mutant.ts';

/** A mutant that no test can or should kill. Identified by its change, at any line of its file. */
export interface AcceptedMutant {
  readonly file: string;
  readonly operator: string;
  readonly before: string;
  readonly after: string;
  /** The first line that the change touches, trimmed: tells equal changes of a file apart. */
  readonly line: string;
  /** Why: mostly that nothing outside can tell it from the sources as they are. */
  readonly reason: string;
}

/** A survivor is judged by a person before it stands here. */
export const ACCEPTED: readonly AcceptedMutant[] = [
  {
    file: 'packages/postgres/src/outputs/restate.ts',
    operator: 'sql: comparison',
    before: '<',
    after: '<=',
    line: 'and (generation < ${p.start}::bigint or ${p.start}::bigint > (',
    reason: 'no generation is the start of an epoch: all are above it (nextGeneration)',
  },
  {
    file: 'packages/postgres/src/outbox/lanes.ts',
    operator: 'sql: order dropped',
    before: 'order by n',
    after: '',
    line: 'order by n',
    reason: 'generate_series yields them in this order already',
  },
  {
    file: 'packages/intake/src/data-error.ts',
    operator: 'StringLiteral',
    before: "'DecideFailedError'",
    after: '""',
    line: "override readonly name = 'DecideFailedError';",
    reason: 'only a log shows it',
  },
  {
    file: 'packages/intake/src/event-changes.ts',
    operator: 'LogicalOperator',
    before: 'fact === undefined || outcome === undefined',
    after: '(fact === undefined && outcome === undefined)',
    line: 'if (fact === undefined || outcome === undefined)',
    reason: 'the two are made of the same events: both are there, or neither',
  },
  {
    file: 'packages/contracts/src/json/survey.ts',
    operator: 'EqualityOperator',
    before: 'at < end',
    after: '(at <= end)',
    line: 'for (let at = start + 1; at < end; at += 1) {',
    reason: 'the byte behind a number is no part of one, so no exponent and no digit',
  },
  {
    file: 'packages/contracts/src/read-delivery.ts',
    operator: 'OptionalChaining',
    before: 'issue?.path',
    after: 'issue.path',
    line: "const field = fieldOf(['data', ...(issue?.path ?? [])]);",
    reason: 'what zod refuses has an issue',
  },
  {
    file: 'packages/contracts/src/events/fields.ts',
    operator: 'ObjectLiteral',
    before: "{ type: 'string', format: 'date' }",
    after: '({})',
    line: "date: { type: 'string', format: 'date' },",
    reason: 'changes the generated schemas, which `npm run check` compares',
  },
  {
    file: 'packages/domain/src/record/order.ts',
    operator: 'ConditionalExpression',
    before: 'sorted[at - 1]?.order === order || sorted[at + 1]?.order === order',
    after: '(true)',
    line: 'const isTied = sorted[at - 1]?.order === order || sorted[at + 1]?.order === order;',
    reason: 'saves work: what is not tied repeats nothing',
  },
  {
    file: 'packages/domain/src/desired/running-engagements.ts',
    operator: 'OptionalChaining',
    before: 'variants[at]?.[name]',
    after: 'variants[at][name]',
    line: 'if (variants[at]?.[name] !== value) return undefined;',
    reason: 'the index is one of the array',
  },
  {
    file: 'packages/domain/src/policy/condition-term.ts',
    operator: 'StringLiteral',
    before: "'untyped'",
    after: '""',
    line: "const found = checked.error?.message.split('\\n', 1)[0] ?? `it is ${checked.type ?? 'untyped'}`;",
    reason: 'what is valid has a type',
  },
  {
    file: 'services/relay/src/run-topic.ts',
    operator: 'ConditionalExpression',
    before: "ending?.kind === 'refused'",
    after: '(true)',
    line: "confirmed = ending?.kind === 'refused' ? ending.refusal : undefined;",
    reason: 'no other ending has a refusal, and there is none only when it is asked to stop',
  },
  {
    file: 'services/relay/src/run-topic.ts',
    operator: 'ConditionalExpression',
    before: "case 'stopped':\n      return;",
    after: "case 'stopped':",
    line: "case 'stopped':",
    reason: 'what is written then is null over null',
  },
  {
    file: 'services/relay/src/progress.ts',
    operator: 'EqualityOperator',
    before: 'position > 0n',
    after: '(position >= 0n)',
    line: 'const unsaved = new Set(start.filter(({ position }) => position > 0n).map(({ lane }) => lane));',
    reason: 'saves a write: no row says 0, too',
  },
  {
    file: 'services/relay/src/progress.ts',
    operator: 'EqualityOperator',
    before: 'nowMs - savedAtMs < SAVE_MS',
    after: '(nowMs - savedAtMs <= SAVE_MS)',
    line: 'if (nowMs - savedAtMs < SAVE_MS) return;',
    reason: 'saves a millisecond later',
  },
  {
    file: 'services/relay/src/publish-topic.ts',
    operator: 'UnaryOperator',
    before: '-1',
    after: '(+1)',
    line: 'const parked = sizing.parkedLanes().map((lane) => progress.lanes.get(lane)?.partition ?? -1);',
    reason: 'what is parked is a lane of the topic',
  },
];

/** The entry that a mutant is accepted by. */
export function acceptedBy(
  mutant: Mutant,
  text: string,
  accepted: readonly AcceptedMutant[] = ACCEPTED,
): AcceptedMutant | undefined {
  const lines = text.slice(text.lastIndexOf('\n', mutant.start - 1) + 1);
  const line = lines.slice(0, lines.indexOf('\n')).trim();
  return accepted.find(
    (one) =>
      one.file === mutant.file &&
      one.operator === mutant.operator &&
      one.before === mutant.before &&
      one.after === mutant.after &&
      one.line === line,
  );
}
