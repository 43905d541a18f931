import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { scrape, valuesOf } from '../support/alerts/scrape.ts';
import { employee, hrEvent, inDays, type SentEvent } from '../support/events.ts';
import { lockRows } from '../support/lock-rows.ts';
import { type ChildService, spawnService, startService } from '../support/process.ts';
import { openSystem, type TestSystem } from '../support/system.ts';
import { deleteTopics } from '../support/topics.ts';

const DISPOSITIONS = ['applied', 'duplicate', 'stale', 'conflict', 'dead_letter'] as const;
const DEAD_LETTER_CODES = [
  'APPLY_FAILED',
  'CONTRACT_BROKEN',
  'EMPTY_VALUE',
  'NOT_CLOUDEVENTS',
  'NOT_JSON',
  'NOT_UTF8',
  'SOURCE_NOT_ALLOWED',
  'TIME_AHEAD',
  'TOO_DEEP',
  'TOO_LARGE',
  'TOO_OLD',
  'TYPE_UNKNOWN',
] as const;

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem();
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

function joiners(prefix: string, count: number): readonly SentEvent[] {
  return Array.from({ length: count }, (_, index) =>
    hrEvent('joined', `${prefix}${index}`, 1, {
      startsAt: inDays(-9),
      attributes: employee('Sales'),
    }),
  );
}

/** Starts a second reconciler. */
function startSecond(): Promise<ChildService> {
  return startService('reconciler', { env: system.env });
}

async function seriesOf(service: ChildService, name: string): Promise<readonly string[]> {
  const { samples } = await scrape(service);
  return samples
    .filter(({ labels }) => labels['__name__'] === name)
    .map(({ labels }) => `${labels['topic']}/${labels['partition']}`);
}

async function lag(): Promise<number> {
  const topic = system.topics.names['workforce-events'];
  const values = valuesOf(await scrape(system.reconciler()), 'latchkey_consumer_lag', { topic });
  return values.reduce((sum, value) => sum + value, 0);
}

test('the series of each disposition and code exist before the first occurrence', async () => {
  const reconciler = system.reconciler();
  for (const topic of [
    system.topics.names['workforce-events'],
    system.topics.names['verification-events'],
  ]) {
    for (const disposition of DISPOSITIONS) {
      const labels = { topic, disposition };
      expect(valuesOf(await scrape(reconciler), 'latchkey_deliveries_total', labels)).toEqual([0]);
    }
  }
  await expect
    .poll(async () => {
      const { samples } = await scrape(reconciler);
      return samples
        .filter(
          ({ labels, value }) => labels['__name__'] === 'latchkey_dead_letters' && value === 0,
        )
        .map(({ labels }) => labels['code'])
        .toSorted();
    })
    .toEqual(DEAD_LETTER_CODES);
});

test('the lag is measured against the end of the log while nothing can be processed', async () => {
  await system.send(...joiners('a', 30));
  await system.settled();
  await expect.poll(lag).toBe(0);
  {
    await using _locked = await lockRows(
      system.database,
      'lock table inbox in access exclusive mode',
    );
    await system.send(...joiners('b', 200));
    await expect.poll(lag).toBe(200);
  }
  await system.settled();
  await expect.poll(lag).toBe(0);
});

test('each partition is reported only by the reconciler that it is assigned to', async () => {
  const first = system.reconciler();
  await expect.poll(() => seriesOf(first, 'latchkey_consumer_lag')).toHaveLength(6);
  await using second = await startSecond();
  await expect
    .poll(async () => {
      const series = await Promise.all(
        [first, second].map((service) => seriesOf(service, 'latchkey_consumer_lag')),
      );
      return series.map((own) => own.length);
    })
    .toEqual([3, 3]);
  const shown = [
    ...(await seriesOf(first, 'latchkey_consumer_lag')),
    ...(await seriesOf(second, 'latchkey_consumer_lag')),
  ];
  expect(new Set(shown).size).toBe(6);
  await second.end('SIGTERM');
  await expect.poll(() => seriesOf(first, 'latchkey_consumer_lag')).toHaveLength(6);
});

test('a gauge has no value before its first measurement, and none while measuring fails', async () => {
  const gauge = 'latchkey_audit_partitions_seconds';
  const readSeries = async (service: ChildService): Promise<readonly number[]> =>
    valuesOf(await scrape(service), gauge);
  await expect.poll(() => readSeries(system.reconciler())).toHaveLength(1);
  await system.database.query('revoke select on inbox_retention from latchkey_reconciler');
  await using another = await startSecond();
  const failures = async (): Promise<number> => {
    const labels = { chore: 'housekeeping' };
    const values = valuesOf(await scrape(another), 'latchkey_chore_failures_total', labels);
    return values[0] ?? 0;
  };
  await expect.poll(failures).toBeGreaterThan(0);
  expect(await readSeries(another)).toEqual([]);
  await system.database.query('grant select on inbox_retention to latchkey_reconciler');
  await expect.poll(() => readSeries(another)).toHaveLength(1);
  await another.end('SIGTERM');
});

/** The answer of `/readyz`; empty while the service does not listen. */
async function readiness({ address }: ChildService): Promise<string> {
  return fetch(`${address}/readyz`).then(
    (response) => response.text(),
    () => '',
  );
}

/** Whether a new reconciler was seen joining before it was ready; it dies afterwards, as the one before it did. */
async function wasSeenJoining(env: TestSystem['env']): Promise<boolean> {
  await using next = await spawnService('reconciler', { env });
  let seen = false;
  const look = async (): Promise<string> => {
    const answer = await readiness(next);
    seen ||= answer.includes('{"part":"group","why":"joining"}');
    return answer;
  };
  await expect.poll(look).toContain('"ready":true');
  return seen;
}

test('a reconciler is ready when it reads, and not while it joins or while an input topic is missing', async () => {
  await expect.poll(() => readiness(system.reconciler())).toContain('"ready":true');
  await system.killReconciler();
  // The group waits for the dead member until its session expires. A join that ends between two looks shows nothing.
  await expect.poll(() => wasSeenJoining(system.env)).toBe(true);
  await using next = await spawnService('reconciler', { env: system.env });
  await expect.poll(() => readiness(next)).toContain('"ready":true');
  await expect.poll(() => next.output()).toContain('partitions assigned');
  const { names } = system.topics;
  await deleteTopics(inject('brokers'), [names['workforce-events'], names['verification-events']]);
  await expect.poll(() => readiness(next)).toContain(`missing: ${names['workforce-events']}`);
  await expect.poll(async () => valuesOf(await scrape(next), 'latchkey_ready')).toEqual([0]);
});
