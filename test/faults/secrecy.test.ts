import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CANARY, createConflict, createJoiner, PERSONAL } from '../support/canary.ts';
import {
  HR,
  hrEvent,
  inDays,
  ivrEvent,
  SECURITY,
  type SentEvent,
  type SentRecord,
  structured,
} from '../support/events.ts';
import { type ChildService, spawnService } from '../support/process.ts';
import { runLatchkey } from '../support/run-latchkey.ts';
import { openSystem, type TestSystem } from '../support/system.ts';

const PASSWORD = `${CANARY}-password`;
const LEVEL = { LOG_LEVEL: 'trace' };

type Env = Readonly<Record<string, string>>;

/** Readable outputs, by their origin. */
const readable = new Map<string, string>();
let system: TestSystem;
let reconciler: ChildService;
let login = '';

beforeAll(async () => {
  system = await openSystem({ partitions: 1, env: LEVEL });
  login = `secrecy_${randomUUID().slice(0, 8)}`;
  await system.database.query(`create role ${login} login password '${PASSWORD}'`);
  await system.database.query(
    `grant latchkey_reconciler, latchkey_relay, latchkey_operator to ${login}`,
  );
  await system.killReconciler();
  reconciler = await system.start('reconciler', { DATABASE_URL: urlWith({}) });
});
afterAll(async () => {
  await system.killReconciler();
  await system.database.query(`drop role ${login}`);
  await system[Symbol.asyncDispose]();
});

/** The URL of the database with the user whose password is a canary. */
function urlWith(changes: {
  readonly password?: string;
  readonly database?: string;
  readonly port?: string;
}): string {
  const url = new URL(system.database.url);
  url.username = login;
  url.password = changes.password ?? PASSWORD;
  if (changes.database !== undefined) url.pathname = `/${changes.database}`;
  if (changes.port !== undefined) url.port = changes.port;
  return url.href;
}

/** Waits until the output of the reconciler contains this text. */
async function untilLogged(what: string): Promise<void> {
  await expect.poll(() => reconciler.output()).toContain(what);
}

/** Lines that contain the canary. */
function findLeaks(): readonly string[] {
  return [...readable].flatMap(([where, text]) =>
    text
      .split('\n')
      .flatMap((line) => (line.includes(CANARY) ? [`${where}: ${line.slice(0, 500)}`] : [])),
  );
}

async function recordCommand(env: Env, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await runLatchkey({ ...system.env, ...env, ...LEVEL }, ...args);
  readable.set(`latchkey ${args.join(' ')} ${Object.keys(env).join(' ')}`, stdout + stderr);
  return stdout;
}

test('good events, conflicts and dead letters', async () => {
  const ada = createJoiner('ada');
  const call = { session: `${CANARY}-session`, leg: `${CANARY}-leg` };
  const report = { attempt: 'attempt-1', platform: `${CANARY}-platform`, call };
  const about = { person: { source: HR, externalId: `${CANARY}-ada` }, purpose: 'helpdesk-reset' };
  const block = hrEvent(
    'blocked',
    `${CANARY}-x`,
    1,
    {},
    {
      source: SECURITY,
      type: 'latchkey.person.blocked.v1',
      data: { person: about.person, reason: `${CANARY}-reason`, incident: `${CANARY}-incident` },
    },
  );
  await system.send(
    ada,
    createConflict(ada),
    hrEvent('left', `${CANARY}-ada`, 2, { endsAt: inDays(9), reason: `${CANARY}-reason` }),
    { ...createJoiner('elsewhere'), data: ada.data },
    block,
    ivrEvent('requested', `${CANARY}-v`, about),
    ivrEvent('attempt-opened', `${CANARY}-v`, { ...report, channel: 'voice' }),
    ivrEvent('input-checked', `${CANARY}-v`, {
      ...report,
      step: 'step-1',
      factor: 'pin',
      result: 'mismatch',
    }),
    ivrEvent('verdict-reached', `${CANARY}-v`, {
      ...report,
      verdict: 'verified',
      decidedBy: CANARY,
    }),
    ivrEvent('cancelled', `${CANARY}-w`, { reason: `${CANARY}-reason` }),
  );
  const broken: readonly SentEvent[] = [
    createJoiner('a', { time: `${CANARY}-time` }),
    createJoiner('b', { sourceversion: CANARY }),
    createJoiner('c', { time: inDays(9) }),
    createJoiner('d', {}, { nested: { deep: CANARY } }),
    createJoiner('e', {}, { email: `${CANARY}\0@example.com` }),
    hrEvent('joined', `${CANARY}-f`, 1, { startsAt: `${CANARY}-start`, attributes: PERSONAL }),
    hrEvent('left', `${CANARY}-g`, 1, { endsAt: inDays(1), reason: CANARY.repeat(300) }),
    ivrEvent('requested', `${CANARY}-u`, { verification: `${CANARY}-other`, purpose: CANARY }),
    { ...block, id: randomUUID(), source: HR, sourceversion: '1' },
  ];
  const headers = {
    'x-note': `${CANARY}-header`,
    traceparent: `${CANARY}-trace`,
    'content-type': CANARY,
  };
  const raw: readonly SentRecord[] = [
    { topic: 'workforce-events', key: CANARY, value: `{"name":"${CANARY}"`, headers },
    { topic: 'workforce-events', key: CANARY, value: `"${CANARY}"` },
    { topic: 'workforce-events', key: CANARY, value: `${CANARY}\ud800` },
    { ...structured(createJoiner('h')), headers: { ...headers, ce_id: [CANARY, CANARY] } },
  ];
  await system.sendRecords([...broken.map(structured), ...raw]);
  await system.settled();
  const letters = await system.database.query(
    'select code, field, cause from dead_letter order by topic, "offset"',
  );
  expect(letters).toHaveLength(broken.length + raw.length);
  readable.set('dead_letter', JSON.stringify(letters));
});

test('server errors that quote rows', async () => {
  const { query } = system.database;
  await query(`alter table fact add constraint quoted check (data not like '%${CANARY}-check%')`);
  await system.send(createJoiner('checked', {}, { undeclared: `${CANARY}-check` }));
  await untilLogged('"constraint":"quoted"');
  await query('alter table fact drop constraint quoted');
  await system.settled();

  const twice = `${CANARY}-twice`;
  await query(
    `create unique index quoted_twice on account (user_name) where user_name = '${twice}'`,
  );
  await system.send(createJoiner('twice'));
  await untilLogged('"constraint":"quoted_twice"');
  await query('drop index quoted_twice');
  await system.settled();
});

test.each([
  ['a value out of range', '22003', 'isolates'],
  ['an exception in the database', 'P0001', 'waits'],
  ['a duplicate key', '23505', 'waits'],
  ['a terminated connection', '57P01', 'waits'],
  ['an unavailable lock', '55P03', 'waits'],
] as const)('%s (SQLSTATE %s %s)', async (_what, state, becomes) => {
  const { query } = system.database;
  // Errors of these classes quote values; other errors quote names of the schema only.
  const quoted = /^(?:22|P0)/.test(state) ? 'new.data' : "'row'";
  await query(`create function quote_row() returns trigger language plpgsql as $$
    begin raise exception 'no: %', ${quoted} using errcode = '${state}', detail = new.data, hint = new.data,
      column = 'data', constraint = 'quote', table = 'fact', schema = 'public';
    end $$`);
  await query(
    'create trigger quote before insert on fact for each row execute function quote_row()',
  );
  await system.send(createJoiner(`state-${state}`));
  if (becomes === 'isolates') {
    await system.settled();
  } else await untilLogged(`"code":"${state}"`);
  await query('drop function quote_row cascade');
  await system.settled();
});

test('work that is due and cannot be decided', async () => {
  const { query } = system.database;
  const person = `${CANARY}-due`;
  await system.send(createJoiner('due'));
  await system.settled();
  // In one transaction, so that it is not decided before.
  await query(`
    begin;
    create function quote_identity() returns trigger language plpgsql as $$
    begin raise exception 'no: %', new.external_id using errcode = '22003', detail = new.external_id; end $$;
    update identity set next_transition_at = now() where external_id = '${person}';
    create trigger quote before update on identity for each row
      when (new.external_id = '${person}' and new.parked_at is null) execute function quote_identity();
    commit;`);
  const failed = () => query('select * from due_work where cause is not null');
  await expect.poll(failed).toMatchObject([{ cause: expect.stringContaining('22003') as string }]);
  readable.set('due_work', JSON.stringify(await failed()));
  const env = { DATABASE_URL: urlWith({}), OPERATOR: 'grace' };
  expect(await recordCommand(env, 'work', 'list')).toContain('22003');
  await query('drop function quote_identity cascade');
  expect(await recordCommand(env, 'work', 'retry', '--all')).toContain('comes again now');
  await expect.poll(() => query('select from due_work')).toEqual([]);
});

test('invalid settings, and servers that refuse valid ones', async () => {
  const env = { ...system.env, ...LEVEL };
  const starts: readonly (readonly [string, Env, string])[] = [
    ['no such database', { DATABASE_URL: urlWith({ database: 'nowhere' }) }, 'waiting'],
    ['no server at the port', { DATABASE_URL: urlWith({ port: '1' }) }, 'waiting'],
    ['no URL', { DATABASE_URL: `postgres//${PASSWORD}@x` }, 'CONFIG_INVALID'],
    ['no port', { DATABASE_URL: `postgres://u:${PASSWORD}@host:port/x` }, 'CONFIG_INVALID'],
    ['half a password', { KAFKA_PASSWORD: PASSWORD }, 'CONFIG_INVALID'],
    ['brokers with a password', { KAFKA_BROKERS: `u:${PASSWORD}@host:9092` }, 'CONFIG_INVALID'],
    [
      'a broker without authentication',
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_USERNAME: 'u', KAFKA_PASSWORD: PASSWORD },
      'kafkajs',
    ],
    [
      'a broker without SCRAM',
      { KAFKA_SASL_MECHANISM: 'scram-sha-256', KAFKA_USERNAME: 'u', KAFKA_PASSWORD: PASSWORD },
      'kafkajs',
    ],
  ];
  const start = async (name: string, what: string, changes: Env, text: string): Promise<void> => {
    await using service = await spawnService(name, { env: { ...env, ...changes } });
    await expect.poll(() => service.output(), { message: `${name}: ${what}` }).toContain(text);
    readable.set(`${name}: ${what}`, service.output());
  };
  for (const [what, changes, text] of starts) {
    await Promise.all([
      start('reconciler', what, changes, text),
      start('relay', what, changes, text),
      recordCommand(changes, 'status'),
    ]);
  }
}, 240_000);

test("the operators' commands", async () => {
  const env = { DATABASE_URL: urlWith({}), OPERATOR: 'grace' };
  for (const verb of ['status', 'progress show', 'dead-letters list', 'conflicts list']) {
    for (const json of [[], ['--json']]) {
      const output = await recordCommand(env, ...verb.split(' '), ...json);
      expect(output, verb).not.toBe('');
    }
  }
  await recordCommand(env, 'dead-letters', 'redrive', '--code', 'CONTRACT_BROKEN');
  await recordCommand(env, 'dead-letters', 'redrive', '--code', 'APPLY_FAILED');
  await recordCommand(
    env,
    'progress',
    'accept',
    system.topics.names['workforce-events'],
    '0',
    '--from',
    'position',
  );
  expect(
    readable.get('latchkey dead-letters redrive --code CONTRACT_BROKEN DATABASE_URL OPERATOR'),
  ).toContain('given up again');
});

test('no readable output contains a canary', async () => {
  await system.settled();
  readable.set('services', system.output());
  const metrics = await fetch(`${reconciler.address}/metrics`).then((answer) => answer.text());
  const ready = await fetch(`${reconciler.address}/readyz`).then((answer) => answer.text());
  readable.set('/metrics', metrics);
  readable.set('/readyz', ready);
  const rows = await system.database.query(
    `select 'audit' as of, decisions, decider, owner, null as detail from audit_entry
     union all select 'review', null, kind, owner, detail from review`,
  );
  expect(rows.length).toBeGreaterThan(5);
  readable.set('audit and reviews', rows.map((row) => JSON.stringify(row)).join('\n'));
  const messages = system.messages().filter(({ topic }) => topic === 'dead-letters');
  expect(messages.length).toBeGreaterThan(10);
  readable.set(
    'dead-letters topic',
    messages.map((message) => JSON.stringify([message.headers, message.data])).join('\n'),
  );
  expect(findLeaks()).toEqual([]);
  expect(reconciler.output()).toContain('"level":"warn"');
  expect(system.output()).toContain('"service":"relay"');
});
