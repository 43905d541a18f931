import { afterAll, beforeAll, expect, test } from 'vitest';
import { employee, hrEvent, inDays } from '../support/events.ts';
import { MIGRATE, runLatchkey, runScript } from '../support/run-latchkey.ts';
import { openSystem, type TestSystem } from '../support/system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem();
  const good = hrEvent('joined', 'op', 1, { startsAt: inDays(-9), attributes: employee('Sales') });
  const other = { ...good, data: { ...(good.data as object), attributes: employee('Finance') } };
  await system.send(good, other);
  await system.sendRecords([{ topic: 'workforce-events', key: 'op', value: 'hello' }]);
  await system.settled();
});
afterAll(() => system[Symbol.asyncDispose]());

const run = (...args: readonly string[]) =>
  runLatchkey({ ...system.env, OPERATOR: 'grace' }, ...args);

test('status shows positions, outputs and what waits for a person', async () => {
  const { code, stdout } = await run('status');
  expect(code).toBe(0);
  expect(stdout).toContain(system.topics.names['workforce-events']);
  expect(stdout).toContain(system.topics.names.access);
  expect(stdout).toMatch(/dead letter +NOT_JSON +1/);
  expect(stdout).toContain('auditPartitionsEndAt');
});

test('dead letters are listed, shown with their raw bytes, and given up again without a change', async () => {
  const listed = await run('dead-letters', 'list', '--json');
  const letter = JSON.parse(listed.stdout) as { id: string; code: string };
  expect(letter.code).toBe('NOT_JSON');
  const shown = await run('dead-letters', 'show', letter.id);
  expect(shown.stdout).toContain('raw: hello');
  const again = await run('dead-letters', 'redrive', letter.id);
  expect(again.stdout).toContain('given up again: NOT_JSON');
});

test('conflicts are listed and shown with both contents', async () => {
  const listed = await run('conflicts', 'list', '--json');
  const { eventId } = JSON.parse(listed.stdout) as { eventId: string };
  const { stdout } = await run('conflicts', 'show', eventId);
  expect(stdout).toContain('"department":"Sales"');
  expect(stdout).toContain('"department":"Finance"');
});

test('progress is shown, and accepted under a name', async () => {
  const shown = await run('progress', 'show', '--json');
  const rows = shown.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { topic: string });
  expect(rows.map(({ topic }) => topic)).toContain(system.topics.names['workforce-events']);
  const topic = system.topics.names['verification-events'];
  const accepted = await run('progress', 'accept', topic, '0');
  expect(accepted).toMatchObject({ code: 0 });
  const audit = await system.database.query(
    "select decider from audit_entry where subject_kind = 'intake_progress'",
  );
  expect(audit).toEqual([{ decider: 'operator:grace' }]);
});

test.each([
  [['unknown'], 'unknown verb: unknown'],
  [['relay', 'rebuild'], 'unknown verb: relay rebuild'],
  [['relay', 'rebase', '--topic', 'latchkey.access.v1'], '--topic'],
  [['--json', 'status'], 'the verb comes first'],
  [['dead-letters', 'list', '--limit', '0'], '--limit'],
  [['conflicts', 'show'], 'event id'],
  [['progress', 'accept', 'nowhere', '0'], 'no such partition'],
  [['status', '--wrong'], '--wrong'],
])('%j is refused with exit code 2', async (args, said) => {
  const { code, stderr } = await run(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(said);
});

test('migrate takes no arguments, and does nothing where some are given', async () => {
  const { code, stderr, stdout } = await runScript(MIGRATE, system.env, '--dry-run');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('--dry-run');
  expect(stderr).toContain('npm run migrate takes no arguments');
});
