import { openAdmin, waitUntilOffsetsReady } from '@latchkey/kafka';
import { ensureLanes, listRelayLanes, openDatabase } from '@latchkey/postgres';
import { RELAY_GROUP, type Refusal } from '@latchkey/publication';
import { createProbe } from '../../services/relay/src/probe.ts';
import { runTopic } from '../../services/relay/src/run-topic.ts';
import type { TestDatabase } from './database.ts';
import { connection, local, log } from './kafka-clients.ts';

const LIMITS = { maxRows: 1_000, maxBytes: 4_194_304 };

/** A relay of one topic in this process. Disposing stops it. */
export interface TestRelay extends AsyncDisposable {
  /** How often it acquired the topic. */
  readonly acquired: () => number;
  /** Every refusal of the topic. */
  readonly refusals: () => readonly Refusal[];
  /** Every error of publishing. */
  readonly failures: () => readonly unknown[];
}

/** Relays an existing topic; its lanes are created in the database if they are missing. */
export async function openTestRelay(
  { url }: TestDatabase,
  topic: string,
  partitions: number,
): Promise<TestRelay> {
  await using stack = new AsyncDisposableStack();
  const db = stack.use(
    openDatabase({
      url,
      role: 'latchkey_relay',
      poolSize: 2,
      applicationName: 'test-relay',
      onConnectionLost: () => undefined,
    }),
  );
  const admin = stack.use(await openAdmin(local()));
  await waitUntilOffsetsReady(admin, RELAY_GROUP, [topic], AbortSignal.timeout(60_000));
  await db.run(ensureLanes, { topic, partitions });
  const [first = 0, ...others] = (await db.run(listRelayLanes, { topic })).map(({ lane }) => lane);
  const refusals: Refusal[] = [];
  const failures: unknown[] = [];
  let acquired = 0;
  const nothing = (): void => undefined;
  const stop = new AbortController();
  const done = runTopic(
    { topic, lanes: [first, ...others] },
    { db, probe: createProbe(db), admin, kafkaSettings: connection(), log },
    LIMITS,
    {
      starting: nothing,
      standingBy: nothing,
      published: nothing,
      parked: nothing,
      acquired: () => {
        acquired += 1;
        return acquired === 1;
      },
      refused: (refusal) => refusals.push(refusal),
      failed: (error) => failures.push(error),
    },
    stop.signal,
  );
  stack.defer(async () => {
    stop.abort();
    await done;
  });
  const owned = stack.move();
  return {
    acquired: () => acquired,
    refusals: () => refusals,
    failures: () => failures,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
