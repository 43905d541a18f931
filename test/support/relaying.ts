import { openAdmin, waitUntilOffsetsReady } from '@latchkey/kafka';
import { ensureLanes, listRelayLanes, openDatabase } from '@latchkey/postgres';
import { RELAY_GROUP, type Refusal } from '@latchkey/publication';
import { createProbe } from '../../services/relay/src/probe.ts';
import { runTopic } from '../../services/relay/src/run-topic.ts';
import type { TestDatabase } from './database.ts';
import { connection, local, log } from './kafka-clients.ts';

const LIMITS = { maxRows: 1_000, maxBytes: 4_194_304 };

/** A relay of one topic in this process. Disposing stops it. */
export interface Relaying extends AsyncDisposable {
  /** How often it has acquired the topic. */
  readonly acquired: () => number;
  /** What it was refused with, each time that it looked. */
  readonly refusals: () => readonly Refusal[];
  /** What publishing has failed with. */
  readonly failures: () => readonly unknown[];
}

/** Relays a topic that exists, from a database in which it has, or gets, so many lanes. */
export async function relayTopic(
  { url }: TestDatabase,
  topic: string,
  partitions: number,
): Promise<Relaying> {
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
