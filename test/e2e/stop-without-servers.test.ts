import { randomUUID } from 'node:crypto';
import { migrateDatabase } from '@latchkey/postgres';
import { expect, inject, test } from 'vitest';
import { freePorts } from '../../tools/stack/local/ports.ts';
import { openStack } from '../../tools/stack/open-stack.ts';
import { createTestDatabase } from '../support/database.ts';
import { freeze } from '../support/freeze.ts';
import { type ChildService, spawnService, startService } from '../support/process.ts';
import { openSilentServer } from '../support/silent-server.ts';
import { createTestTopics } from '../support/topics.ts';

const REDIRECT = new URL('../faults/proxy/redirect.mjs', import.meta.url).href;
const SERVICES = ['reconciler', 'relay'] as const;
/** Services need about 40 answers of each server from the first connection until they process work. */
const SILENT = [
  ['reconciler', 'database', 20],
  ['reconciler', 'broker', 2],
  ['reconciler', 'broker', 40],
  ['relay', 'database', 1],
  ['relay', 'broker', 0],
  ['relay', 'broker', 13],
] as const;
/** On a loaded machine a service needs up to a minute to start. */
const CROWDED = { timeout: 240_000 };
/** Two at a time: the cost is the start of processes. */
const AT_ONCE = 2;
const STOPPED = { code: 0, signal: null };

type Env = Readonly<Record<string, string>>;

/** Short; a service that exceeds it ends with 1. */
const SHUTDOWN: Env = { SHUTDOWN_SECONDS: '8' };

test.each(SERVICES)('a %s ends with 0 at SIGTERM while it loads its sources', async (service) => {
  // Signalled while it loads the first source of another package.
  const early = `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    let isAsked = false;
    registerHooks({
      load(url, context, next) {
        if (!isAsked && url.includes('/packages/kafka/')) {
          isAsked = true;
          process.kill(process.pid, 'SIGTERM');
        }
        return next(url, context);
      },
    });`)}`;
  const [port = 0] = await freePorts(1);
  const env = {
    ...SHUTDOWN,
    DATABASE_URL: `postgresql://a:b@127.0.0.1:${port}/c`,
    KAFKA_BROKERS: `127.0.0.1:${port}`,
    NODE_OPTIONS: `--import=${early}`,
  };
  await using child = await spawnService(service, { env, fromSources: true });

  expect(await child.exited, child.output()).toEqual(STOPPED);
});

test('services end with 0 at SIGTERM, at any point of their start at which a server stops answering', {
  timeout: 240_000,
}, async () => {
  await using database = await createTestDatabase();
  await using topics = await createTestTopics(inject('brokers'));
  const env = { ...SHUTDOWN, ...topics.env, DATABASE_URL: database.url };

  const outcomes = await twoAtOnce(SILENT, async ([service, server, answers]) => [
    `${service}: ${server} silent after ${answers}`,
    await stoppedAfter(answers, server, service, env),
  ]);

  expect(Object.fromEntries(outcomes)).toEqual(
    Object.fromEntries(outcomes.map(([name]) => [name, STOPPED])),
  );
});

/** Runs two cases at a time. Resolves with the results in any order. */
async function twoAtOnce<C, R>(cases: readonly C[], work: (of: C) => Promise<R>): Promise<R[]> {
  const left = [...cases];
  const results: R[] = [];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      results.push(await work(next));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

async function stoppedAfter(
  answers: number,
  server: 'database' | 'broker',
  service: string,
  env: Env,
): Promise<unknown> {
  const url = new URL(env['DATABASE_URL'] ?? '');
  const brokers = inject('brokers').map((broker) => Number(broker.split(':').at(-1)));
  const ports = server === 'database' ? [Number(url.port)] : brokers;
  await using stack = new AsyncDisposableStack();
  const silent = await Promise.all(
    ports.map(async (port) =>
      stack.use(await openSilentServer({ host: '127.0.0.1', port }, answers)),
    ),
  );
  // Clients connect to the addresses that brokers advertise, so connections are redirected.
  const redirect = Object.fromEntries(
    server === 'broker' ? ports.map((port, at) => [port, silent[at]?.port]) : [],
  );
  if (server === 'database') url.port = String(silent[0]?.port);
  const process = stack.use(
    await spawnService(service, {
      env: {
        ...env,
        DATABASE_URL: url.href,
        KAFKA_BROKERS: inject('brokers').join(','),
        GROUP_ID: randomUUID(),
        REDIRECT: JSON.stringify(redirect),
        NODE_OPTIONS: `--import=${REDIRECT}`,
      },
    }),
  );
  await Promise.race([...silent.map((one) => one.silent), process.exited]);
  return await outcomeOf(process);
}

/** Exit code after SIGTERM; with the output if it is unexpected. */
async function outcomeOf(process: ChildService): Promise<unknown> {
  const exit = await process.end('SIGTERM');
  return exit.code === 0 ? exit : { ...exit, output: process.output() };
}

test(
  'services end with 0 at SIGTERM while servers refuse them or have no address',
  CROWDED,
  async () => {
    const [port = 0] = await freePorts(1);
    const refusing = `127.0.0.1:${port}`;
    const nowhere = 'no-such-host.invalid:9092';
    await using database = await createTestDatabase();
    const brokers = inject('brokers').join(',');
    const cases = [
      ['reconciler', { DATABASE_URL: database.url, KAFKA_BROKERS: nowhere }],
      ['reconciler', { DATABASE_URL: `postgresql://a:b@${refusing}/c`, KAFKA_BROKERS: brokers }],
      ['relay', { DATABASE_URL: database.url, KAFKA_BROKERS: refusing }],
      ['relay', { DATABASE_URL: `postgresql://a:b@${nowhere}/c`, KAFKA_BROKERS: brokers }],
    ] as const;

    const outcomes = await twoAtOnce(cases, async ([service, env]) => {
      await using process = await spawnService(service, { env: { ...SHUTDOWN, ...env } });
      // Its message about a failed try.
      await expect.poll(process.output, CROWDED).toMatch(/ECONNREFUSED|ENOTFOUND|EAI_AGAIN/);
      return await outcomeOf(process);
    });

    expect(outcomes).toEqual(cases.map(() => STOPPED));
  },
);

test(
  'working services end with 0 at SIGTERM while database or broker are stopped',
  CROWDED,
  async () => {
    await using stack = await openStack({ local: true });
    await using topics = await createTestTopics(stack.brokers);
    await migrateDatabase({ url: stack.databaseUrl });
    const env = {
      ...SHUTDOWN,
      ...topics.env,
      DATABASE_URL: stack.databaseUrl,
      KAFKA_BROKERS: stack.brokers.join(','),
    };
    for (const server of ['database', 'broker'] as const) {
      await using processes = new AsyncDisposableStack();
      const services = await Promise.all(
        SERVICES.map(async (name) => processes.use(await startService(name, { env }))),
      );
      using _frozen = await freeze(stack, server);

      expect(await Promise.all(services.map(outcomeOf)), server).toEqual([STOPPED, STOPPED]);
    }
  },
);

test.each([
  ['database', 'migrate', []],
  ['broker', 'main', ['relay', 'rebase']],
] as const)(
  'while the %s does not answer, Ctrl-C ends %s %s with a message',
  async (server, file, args) => {
    await using database = await createTestDatabase();
    await using silent = await openSilentServer(undefined, 0);
    const address = `127.0.0.1:${silent.port}`;
    const env = {
      DATABASE_URL: server === 'database' ? `postgresql://a:b@${address}/c` : database.url,
      KAFKA_BROKERS: address,
    };
    const script = `services/operator/src/${file}.ts`;
    await using command = await spawnService('operator', { env, args, script });
    await Promise.race([silent.silent, command.exited]);

    expect(await command.end('SIGINT')).toEqual({ code: 130, signal: null });
    expect(command.output()).toContain('ended by SIGINT');
  },
);
