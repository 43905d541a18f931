import { openAdmin, waitUntilOffsetsReady } from '@latchkey/kafka';
import { ensureLanes, listRelayLanes, openDatabase } from '@latchkey/postgres';
import { RELAY_GROUP } from '@latchkey/publication';
import { expect, test } from 'vitest';
import { createProbe } from '../../services/relay/src/probe.ts';
import type { TopicReport } from '../../services/relay/src/report.ts';
import { runTopic } from '../../services/relay/src/run-topic.ts';
import { APPEND_ROWS } from '../support/append-rows.ts';
import { createTestDatabase } from '../support/database.ts';
import { connection, log, setUp } from '../support/kafka-clients.ts';
import { openWire } from '../support/wire.ts';

const PARTITIONS = 3;
const TRANSACTIONS = 5;
const POLLS = 20;
const MAX_BYTES = 4_194_304;

/** Statements sent at most once a second. */
const NOW_AND_THEN = ['ping_session', 'save_published_through'];

test.each([1, 10, 200])(
  'the relay needs one statement for a transaction of %i messages per partition, and one for a poll',
  async (rowsPerLane) => {
    const wire = openWire();
    await using database = await createTestDatabase();
    await using db = openDatabase({
      url: database.url,
      role: 'latchkey_relay',
      poolSize: 2,
      applicationName: 'test-relay',
      onConnectionLost: () => undefined,
      Client: wire.Client,
    });
    const { topic, kafka } = await setUp(PARTITIONS);
    await using admin = await openAdmin(kafka);
    await waitUntilOffsetsReady(admin, RELAY_GROUP, [topic], AbortSignal.timeout(60_000));
    await db.run(ensureLanes, { topic, partitions: PARTITIONS });
    await database.query(APPEND_ROWS, [topic, TRANSACTIONS * rowsPerLane, 'x']);
    const rows = await db.run(listRelayLanes, { topic });
    const [first = 0, ...others] = rows.map(({ lane }) => lane);
    /** Statements sent until each transaction was committed to Kafka. */
    const sent: (readonly string[])[] = [];
    const stop = new AbortController();
    const done = runTopic(
      { topic, lanes: [first, ...others] },
      { db, probe: createProbe(db), admin, kafkaSettings: connection(), log },
      { maxBytes: MAX_BYTES, maxRows: PARTITIONS * rowsPerLane },
      createReport(() => sent.push(wire.drain().statements)),
      stop.signal,
    );
    await expect.poll(() => sent.length).toBe(TRANSACTIONS);
    // After the last transaction: the read that finds no more rows.
    await expect.poll(() => wire.seen('probe_outbox')).toBeGreaterThan(0);
    wire.drain();
    await expect.poll(() => wire.seen('probe_outbox')).toBeGreaterThan(POLLS);
    const idle = wire.drain();
    stop.abort();
    await done;

    const each = sent.slice(1).map((all) => all.filter((name) => !NOW_AND_THEN.includes(name)));
    expect(each).toEqual(Array(TRANSACTIONS - 1).fill(['read_outbox']));
    // One poll for all lanes, and occasional reads of topics that have waited long enough.
    const polls = Map.groupBy(
      idle.statements.filter((name) => !NOW_AND_THEN.includes(name)),
      (name) => name,
    );
    const {
      probe_outbox: probes = [],
      read_outbox: reads = [],
      ...rest
    } = Object.fromEntries(polls);
    expect(rest).toEqual({});
    expect(reads.length).toBeLessThanOrEqual(probes.length);
  },
);

/** Reports only published transactions. */
function createReport(published: () => void): TopicReport {
  const nothing = (): void => undefined;
  return {
    starting: nothing,
    standingBy: nothing,
    acquired: () => true,
    published,
    parked: nothing,
    refused: ({ detail }) => {
      throw new Error(detail);
    },
    failed: (error) => {
      throw error;
    },
  };
}
