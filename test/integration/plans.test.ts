import { readFile } from 'node:fs/promises';
import { EXAMPLE_POLICY_URL, loadPolicy } from '@latchkey/domain';
import {
  COUNTED_AT_MOST,
  type DatabaseRole,
  type Db,
  FORGET_MAX_ROWS,
  listStatements,
  openDatabase,
} from '@latchkey/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { fillDueWork } from '../support/every-due-work.ts';
import { readRecords } from '../support/every-reading.ts';
import { repairOutputs } from '../support/every-repair.ts';
import * as every from '../support/every-statement.ts';
import { type Explainer, openExplainer } from '../support/explaining-client.ts';
import { fillDatabase } from '../support/fill-database.ts';
import { openIntakeHarness } from '../support/intake-harness.ts';
import type { Plan, Scan } from '../support/read-plan.ts';

const BATCH = 100;
/** Of the harness. */
const LANES = 10;
/** Events that were processed before, as the database grows. */
const FEW = 40;
const MANY = 20_000;
const MOST = 120_000;

/** Rows of growing tables that a statement may read for each event of a batch. */
const ROWS_AN_EVENT = 5;
/** Those that have another bound, or none, and why. */
const OTHER_ROWS: Readonly<Record<string, number>> = {
  // Every waiting row, to be counted.
  count_open: 3 * COUNTED_AT_MOST,
  count_dead_letters: COUNTED_AT_MOST,
  count_reviews: COUNTED_AT_MOST,
  // Of two kinds, tried before or not.
  count_due_work: 4 * COUNTED_AT_MOST,
  // The rows, once to be found and once to be deleted.
  forget_claims: 3 * FORGET_MAX_ROWS,
  // Repairing a lane reads all of it.
  read_kept: Number.POSITIVE_INFINITY,
};
/** Blocks of tables and indexes, written ones included, compared with a nearly empty database. */
const BLOCKS_MORE = 50;

const UNEXPLAINED = {
  lock_deciders: 'LOCK TABLE has no plan',
  make_audit_partitions: 'a function, run by whoever migrates',
  try_migration_lock: 'a lock, taken by a migration',
};

/** Tables that do not grow with the number of deliveries. Every other one does. */
const BOUNDED = new Set([
  'audit_entry_audit_id_seq',
  'audit_sequencer',
  'due_work_pace',
  'inbox_retention',
  'intake_progress',
  'kysely_migration',
  'outbox_lane',
  'output_state',
  'policy_at_work',
  'relay_position',
  'relay_topic',
]);

type Plans = ReadonlyMap<string, readonly Plan[]>;
interface Planned {
  readonly when: string;
  readonly plans: Plans;
}

let database: TestDatabase;
let services: AsyncDisposableStack;
/** All statements, run on a database that grows: with new connections, and with plans of a smaller one. */
const planned: Planned[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  services = new AsyncDisposableStack();
  // Creates the lanes.
  await openServices();
  await fill(1, FEW);
  await database.query('analyze');
  const early = await openServices();
  planned.push({ when: 'with hardly any rows', plans: await early() });
  await fill(FEW + 1, MANY);
  planned.push({ when: 'with many rows, as planned for hardly any', plans: await early() });
  await database.query('analyze');
  const later = await openServices();
  planned.push({ when: 'with many rows', plans: await later() });
  await fill(MANY + 1, MOST);
  planned.push({ when: 'with the most rows, as planned for many', plans: await later() });
  await database.query('analyze');
  const last = await openServices();
  planned.push({ when: 'with the most rows', plans: await last() });
}, 180_000);
afterAll(async () => {
  await services.disposeAsync();
  await database[Symbol.asyncDispose]();
});

async function fill(from: number, to: number): Promise<void> {
  await fillDatabase(database, from, to);
  const { hash } = loadPolicy(await readFile(EXAMPLE_POLICY_URL, 'utf8'));
  await fillDueWork(
    database,
    { policy: hash, build: 'test' },
    Math.ceil(from / 2),
    Math.floor(to / 2),
  );
}

/** New connections of every service, without cached plans. Their work can be repeated. */
async function openServices(): Promise<() => Promise<Plans>> {
  const explainer = openExplainer();
  // A harness counts its offsets from 0.
  await database.query(`
    update intake_progress set epoch = epoch + 1, first_offset = 0, next_offset = 0,
      last_offset = null, last_digest = null`);
  const { Client } = explainer;
  const harness = services.use(await openIntakeHarness(database, (yaml) => yaml, { Client }));
  const relay = services.use(openAs('latchkey_relay', explainer));
  const operator = services.use(openAs('latchkey_operator', explainer));
  return async () => {
    await every.processBatches(harness, BATCH);
    await readRecords(harness.db, BATCH);
    await every.leaveUndecided(harness, BATCH / 2);
    await every.decideReviews(harness.db, BATCH);
    await every.raceForKeys(harness, database, explainer, BATCH);
    await every.decideDue(harness, database, BATCH);
    await every.keepHouse(harness);
    await every.relayTopics(relay, BATCH);
    await every.operate(operator, harness);
    await every.restate(operator, BATCH);
    await repairOutputs(operator);
    return explainer.drain();
  };
}

function openAs(role: DatabaseRole, { Client }: Explainer): Db {
  return openDatabase({
    url: database.url,
    role,
    poolSize: 1,
    applicationName: 'test-plans',
    onConnectionLost: () => undefined,
    Client,
  });
}

function growingScans({ scans }: Plan): readonly Scan[] {
  return scans.filter(({ table }) => !BOUNDED.has(table));
}

/** One figure a statement, the largest over all the times that it was run. */
function worst(plans: Plans, figure: (plan: Plan) => number): ReadonlyMap<string, number> {
  return new Map([...plans].map(([name, all]) => [name, Math.max(...all.map(figure))]));
}

test('every statement is explained here, or listed with the reason why not', () => {
  const explained = new Set(planned.flatMap(({ plans }) => [...plans.keys()]));
  const missing = listStatements().filter((name) => !explained.has(name));
  expect(missing.toSorted()).toEqual(Object.keys(UNEXPLAINED).toSorted());
});

test('no statement scans a growing table, no matter at which size it was planned', () => {
  const found = planned.flatMap(({ when, plans }) =>
    [...plans].flatMap(([name, all]) => {
      const scans = all.flatMap(growingScans).filter(({ node }) => node === 'Seq Scan');
      const tables = new Set(scans.map(({ table }) => table.replace(/\d+$/, '#')));
      return [...tables].map((table) => `${name} reads ${table} ${when}`);
    }),
  );
  expect(found).toEqual([]);
});

test('no statement reads more rows than a few for each event of the batch', () => {
  const found = planned.flatMap(({ when, plans }) => {
    const rows = worst(plans, (plan) =>
      growingScans(plan).reduce((sum, scan) => sum + scan.rows, 0),
    );
    return [...rows]
      .filter(([name, read]) => read > (OTHER_ROWS[name] ?? ROWS_AN_EVENT * BATCH))
      .map(([name, read]) => `${name} reads ${read} rows ${when}`);
  });
  expect(found).toEqual([]);
});

test('the head of a lane is read once a batch, and not once a message', () => {
  const appends = planned.flatMap(({ plans }) => plans.get('append_to_lanes') ?? []);
  const looks = appends.map(({ scans }) =>
    scans.filter(({ table }) => table === 'outbox').reduce((sum, { loops }) => sum + loops, 0),
  );
  expect(Math.max(...looks)).toBeGreaterThan(0);
  expect(Math.max(...looks)).toBeLessThanOrEqual(LANES);
});

test('the blocks that a statement touches do not grow with the tables', () => {
  const small = planned.find(({ when }) => when === 'with many rows');
  const large = planned.find(({ when }) => when === 'with the most rows');
  const before = worst(small?.plans ?? new Map(), ({ blocks }) => blocks);
  const found = [...worst(large?.plans ?? new Map(), ({ blocks }) => blocks)]
    .filter(([name]) => OTHER_ROWS[name] === undefined)
    .map(([name, blocks]) => ({ name, from: before.get(name) ?? 0, to: blocks }))
    .filter(({ from, to }) => to > 1.5 * from + BLOCKS_MORE);
  expect(found).toEqual([]);
});
