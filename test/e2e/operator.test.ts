import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../../tools/stack/local/ports.ts';
import { employee, hrEvent, inDays, structured } from '../support/events.ts';
import { eventually } from '../support/eventually.ts';
import {
  type CommandResult,
  MAIN,
  MIGRATE,
  runLatchkey,
  runScript,
} from '../support/run-latchkey.ts';
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

test('status shows positions, outputs and open work for operators', async () => {
  const { code, stdout } = await run('status');
  expect(code).toBe(0);
  expect(stdout).toContain(system.topics.names['workforce-events']);
  expect(stdout).toContain(system.topics.names.access);
  expect(stdout).toMatch(/dead letter +NOT_JSON +1/);
  expect(stdout).toContain('auditPartitionsEndAt');
});

test('dead letters are listed, shown with their raw bytes, and fail again when redriven unchanged', async () => {
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

/** Parses every printed line as JSON. */
function linesOf({ stdout }: CommandResult): readonly object[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as object);
}

interface Progress {
  readonly topic: string;
  readonly partition: number;
  readonly findingId: string | null;
}

async function shownProgress(): Promise<readonly Progress[]> {
  const { stdout } = await run('progress', 'show', '--json');
  const lines = stdout.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Progress);
}

test('progress is shown, and a partition that is not stopped cannot be accepted', async () => {
  const topic = system.topics.names['workforce-events'];
  expect((await shownProgress()).map((row) => row.topic)).toContain(topic);
  const accepted = await run('progress', 'accept', topic, '0', '--finding', 'ffffffffffff');
  expect(accepted).toMatchObject({ code: 1, stdout: '' });
  expect(accepted.stderr).toContain('PARTITION_NOT_STOPPED');
});

test('a finding is shown with the deliveries to give up, and accepted by its id under a name', async () => {
  await system.database.query(`
    create function refuse_poison() returns trigger language plpgsql as $$
    begin raise exception 'poison' using errcode = '22003'; end $$;
    create trigger poison before insert on fact for each row
    when (new.engagement like 'E-poison%') execute function refuse_poison();`);
  const poison = Array.from({ length: 6 }, (_, index) => {
    const data = { startsAt: inDays(-9), attributes: employee('Sales') };
    return { ...structured(hrEvent('joined', `poison${index}`, 1, data)), partition: 0 };
  });
  await system.sendRecords(poison);
  const stopped = await eventually(
    'a partition that stopped',
    async () => (await shownProgress()).find(({ findingId }) => findingId !== null),
    (seen) => seen !== undefined,
  );
  const accept = ['progress', 'accept', stopped?.topic ?? '', '0', '--give-up', '50'];
  const shown = await run(...accept);
  expect(shown.code).toBe(2);
  expect(shown.stdout).toContain('APPLY_FAILING');
  expect(shown.stdout.match(/APPLY_FAILED/g)).toHaveLength(3);
  expect(shown.stdout).toContain(`--finding ${stopped?.findingId ?? ''} --give-up 50`);
  expect(shown.stderr).toContain('--finding');

  const found = { about: 'found', findingId: stopped?.findingId, stoppedCode: 'APPLY_FAILING' };
  const inJson = await run(...accept, '--json');
  expect(inJson.code).toBe(2);
  expect(linesOf(inJson)).toMatchObject([
    { ...found, partition: 0, skippedFrom: null, skippedThrough: null },
    ...Array.from({ length: 3 }, () => ({ about: 'given up', code: 'APPLY_FAILED' })),
  ]);
  const skipping = await run(...accept.slice(0, 4), '--from', '999', '--json');
  expect(linesOf(skipping)).toMatchObject([{ ...found, nextOffset: '999', skippedThrough: '998' }]);

  const other = await run(...accept, '--finding', 'ffffffffffff');
  expect(other).toMatchObject({ code: 1, stdout: '' });
  expect(other.stderr).toContain('FINDING_DIFFERS');

  const accepted = await run(...accept, '--finding', stopped?.findingId ?? '', '--json');
  expect(accepted).toMatchObject({ code: 0, stderr: '' });
  expect(linesOf(accepted)).toMatchObject([
    { about: 'accepted', findingId: stopped?.findingId, stoppedCode: 'APPLY_FAILING' },
    ...Array.from({ length: 3 }, () => ({ about: 'given up', code: 'APPLY_FAILED' })),
  ]);
  await system.settled();
  const letters = "select count(*)::int as n from dead_letter where code = 'APPLY_FAILED'";
  expect(await system.database.query(letters)).toEqual([{ n: 6 }]);
  const audit = await system.database.query<{ decider: string; decisions: string }>(
    "select decider, decisions::text from audit_entry where subject_kind = 'intake_progress'",
  );
  expect(audit).toMatchObject([{ decider: 'operator:grace' }]);
  expect(audit[0]?.decisions).toContain('giveUpBefore');
});

test.each([
  [['unknown'], 'unknown verb: unknown'],
  [['relay', 'rebuild'], 'unknown verb: relay rebuild'],
  [['relay', 'rebase', '--topic', 'latchkey.access.v1'], '--topic'],
  [['--json', 'status'], 'the verb comes first'],
  [['dead-letters', 'list', '--limit', '0'], '--limit'],
  [['conflicts', 'show'], 'event id'],
  [['progress', 'accept', 'nowhere'], 'partition'],
  [['status', '--wrong'], '--wrong'],
])('%j is refused with exit code 2', async (args, message) => {
  const { code, stderr } = await run(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test.each([
  [['progress', 'accept', 'nowhere', '0'], 'nowhere/0'],
  [['conflicts', 'show', 'unknown'], 'unknown'],
  [['dead-letters', 'show', 'none'], 'none'],
  [['dead-letters', 'redrive', '01890000-0000-7000-8000-000000000000'], '01890000'],
])('%j finds nothing: exit code 1', async (args, message) => {
  const { code, stderr } = await run(...args);
  expect(code).toBe(1);
  expect(stderr).toContain('NOT_FOUND');
  expect(stderr).toContain(message);
});

test('JSON contains moments as text, and null for unknown values', async () => {
  const { stdout } = await run('status', '--json');
  expect(stdout).toMatch(/"auditPartitionsEndAt":"\d{4}-/);
  expect(stdout).toContain('"stoppedCode":null');
  expect(stdout).not.toContain('AtMs');
  expect(stdout).not.toContain('"–"');
});

test.each([
  ['status'],
  ['progress show'],
  ['dead-letters list --all'],
  ['conflicts list'],
  ['relay rebase'],
  ['relay replay'],
  ['relay repartition --partitions 3'],
])('%s --json prints JSON objects and nothing else', async (command) => {
  const shown = await run(...command.split(' '), '--json');
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  for (const line of linesOf(shown)) expect(line).toBeTypeOf('object');
});

test('migrate refuses arguments, and does nothing if there are any', async () => {
  const { code, stderr, stdout } = await runScript(MIGRATE, system.env, '--dry-run');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('--dry-run');
  expect(stderr).toContain('npm run migrate takes no arguments');
});

test.each([
  ['status', MAIN],
  ['relay rebase', MAIN],
  ['', MIGRATE],
])('without a database "%s" prints one line about it', async (args, script) => {
  const [port = 0] = await freePorts(1);
  const DATABASE_URL = `postgresql://login:canary@127.0.0.1:${port}/c`;
  const words = args.split(' ').filter(Boolean);
  const { code, stdout, stderr } = await runScript(
    script,
    { ...system.env, DATABASE_URL },
    ...words,
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^(?:latchkey|migrate): DATABASE_UNREACHABLE: .* \(reason=ECONNREFUSED\)\. Next: .*\n$/,
  );
  expect(stderr).not.toMatch(/canary|postgresql:/);
});

test('a login without the operator role gets a message that names the missing grant', async () => {
  const url = new URL(system.database.url);
  [url.username, url.password] = [`nobody_${randomUUID().slice(0, 8)}`, 'canary'];
  await system.database.query(`create role "${url.username}" login password 'canary'`);
  const { code, stderr } = await runLatchkey({ ...system.env, DATABASE_URL: url.href }, 'status');
  await system.database.query(`drop role "${url.username}"`);
  expect(code).toBe(1);
  expect(stderr).toContain('DATABASE_UNREACHABLE');
  expect(stderr).toContain('grant latchkey_operator to it');
  expect(stderr).not.toContain('canary');
});
