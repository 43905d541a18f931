import { say, title } from '../../tools/start/print.ts';
import {
  employee,
  hrEvent,
  inDays,
  ivrEvent,
  type SentEvent,
  structured,
} from '../support/events.ts';
import type { Demo } from './open-demo.ts';
import { type Teller, until } from './teller.ts';

/** Runs the chapters one after the other; each waits for its effects. */
export async function tellStory(demo: Demo, teller: Teller): Promise<void> {
  await joinerMoverLeaver(teller);
  await leaverFirst(teller);
  await repetitions(teller);
  await garbage(teller);
  await phoneCall(teller);
  await crowd(demo, teller);
}

async function joinerMoverLeaver(teller: Teller): Promise<void> {
  title('1. Ada joins, moves to Finance, and leaves');
  say('  HR: Ada joined Engineering three days ago.');
  await teller.send(
    hrEvent('joined', 'ada', 1, { startsAt: inDays(-3), attributes: employee('Engineering') }),
  );
  await teller.settle();
  teller.tell();
  say('  HR: she moved to Finance yesterday.');
  await teller.send(
    hrEvent('moved', 'ada', 2, { effectiveAt: inDays(-1), attributes: { department: 'Finance' } }),
  );
  await teller.settle();
  teller.tell();
  say(
    '  HR: she left an hour ago. Accounts are disabled now, and deleted after their grace period.',
  );
  await teller.send(hrEvent('left', 'ada', 3, { endsAt: inDays(-1 / 24) }));
  await teller.settle();
  teller.tell();
}

async function leaverFirst(teller: Teller): Promise<void> {
  title('2. Bob: the leaver arrives before the joiner');
  say('  HR: Bob left yesterday. Then, late: Bob joined a month ago. No account is ever made.');
  await teller.send(hrEvent('left', 'bob', 2, { endsAt: inDays(-1) }));
  await teller.settle();
  await teller.send(
    hrEvent('joined', 'bob', 1, { startsAt: inDays(-30), attributes: employee('Sales') }),
  );
  await teller.settle();
  teller.tell();
}

async function repetitions(teller: Teller): Promise<void> {
  title('3. Cleo: the same event five times, then its id with another content');
  const joined = hrEvent('joined', 'cleo', 1, {
    startsAt: inDays(-9),
    attributes: employee('Sales'),
  });
  await teller.send(joined, joined, joined, joined, joined);
  await teller.settle();
  teller.tell();
  say('  The same id says "Finance" now: a conflict for a person to look at, never applied.');
  const data = { ...(joined.data as object), attributes: employee('Finance') };
  await teller.send({ ...joined, data });
  await teller.settle();
  teller.tell();
}

async function garbage(teller: Teller): Promise<void> {
  title('4. Garbage between two good events');
  const dan = hrEvent('joined', 'dan', 1, { startsAt: inDays(-9), attributes: employee('Sales') });
  const eve = hrEvent('joined', 'eve', 1, { startsAt: inDays(-9), attributes: employee('Legal') });
  const broken = hrEvent('joined', 'eve', 2, {
    startsAt: { date: '2026-02-30', zone: 'Europe/Berlin' },
    attributes: employee('Legal'),
  });
  await teller.sendRecords([
    structured(dan),
    { topic: 'workforce-events', key: 'x', value: 'this is not JSON' },
    structured(broken),
    structured(eve),
  ]);
  await teller.settle();
  teller.tell();
}

async function phoneCall(teller: Teller): Promise<void> {
  title('5. A phone verification whose callbacks come twice and out of order');
  const attempt = { attempt: 'call-1', platform: 'example' };
  const call = { ...attempt, call: { session: 'CA-1' } };
  const reports: readonly SentEvent[] = [
    ivrEvent('call-progressed', 'V-1', { ...call, status: 'ended', endReason: 'completed' }),
    ivrEvent('verdict-reached', 'V-1', { ...call, verdict: 'verified', decidedBy: 'agent' }),
    ivrEvent('attempt-opened', 'V-1', { ...attempt, channel: 'voice' }),
    ivrEvent('requested', 'V-1', { purpose: 'callback' }),
  ];
  await teller.send(...reports, ...reports);
  await teller.settle();
  teller.tell();
  say('  A late "rejected" for the same call contradicts it: recorded, and changes nothing.');
  await teller.send(
    ivrEvent('verdict-reached', 'V-1', { ...call, verdict: 'rejected', decidedBy: 'agent' }),
  );
  await teller.settle();
  teller.tell();
}

const CROWD = 3_000;
/** Events that are sent at once. The services process earlier pieces meanwhile. */
const PIECE = 50;
/** A service that finishes before it is killed gets more work, at most three times. */
const KILL_MAX_TRIES = 3;
const PIECES_PER_TRY = CROWD / PIECE / (2 * KILL_MAX_TRIES);

async function crowd(demo: Demo, teller: Teller): Promise<void> {
  title(`6. A crowd of ${CROWD} joiners; reconciler and relay are killed with -9 while they work`);
  const people = Array.from({ length: CROWD }, (_, index) =>
    hrEvent('joined', `crowd-${index}`, 1, {
      startsAt: inDays(-1),
      attributes: employee(index % 3 === 0 ? 'Finance' : 'Sales'),
    }),
  );
  const pieces = Array.from({ length: CROWD / PIECE }, (_, index) =>
    people.slice(index * PIECE, (index + 1) * PIECE),
  );
  await killAndRestart(demo, teller, pieces, {
    name: 'reconciler',
    what: 'deliveries are processed',
    measure: async () => ({ done: (await teller.totals()).received, all: teller.sent }),
  });
  await killAndRestart(demo, teller, pieces, {
    name: 'relay',
    what: 'messages are published',
    measure: () => teller.published(),
  });
  await teller.send(...pieces.flat());
  say('  One in ten of them is sent again, as a sender does that got no answer.');
  await teller.send(...people.filter((_, index) => index % 10 === 0));
  await teller.settle();
  const came = teller.skip();
  say(`    ⇒ ${came.length} messages: ${countBy(came.map(({ topic }) => topic))}`);
}

interface Victim {
  readonly name: 'reconciler' | 'relay';
  /** What it does, for the output. */
  readonly what: string;
  /** How much is done, of all that was sent or appended so far. */
  readonly measure: () => Promise<{ readonly done: number; readonly all: number }>;
}

/**
 * Kills a service in the middle of its work, and starts it again.
 *
 * @param pieces - its work; pieces that were sent are removed
 */
async function killAndRestart(
  demo: Demo,
  teller: Teller,
  pieces: (readonly SentEvent[])[],
  victim: Victim,
): Promise<void> {
  const { name, what, measure } = victim;
  for (let triesLeft = KILL_MAX_TRIES; triesLeft > 0; triesLeft -= 1) {
    const isWorking = await sendUntilWorking(teller, pieces.splice(0, PIECES_PER_TRY), victim);
    if (!isWorking && triesLeft > 1) continue;
    await demo.service(name).end('SIGKILL');
    const { done, all } = await measure();
    await demo.start(name);
    if (done === all && triesLeft > 1) continue;
    say(`  kill -9 ${name}: ${done} of ${all} ${what}; it is started again.`);
    return;
  }
}

/** Resolves when some of the work is done: with true if some is left. */
async function sendUntilWorking(
  teller: Teller,
  pieces: readonly (readonly SentEvent[])[],
  { name, measure }: Victim,
): Promise<boolean> {
  let seen = await measure();
  const before = seen.all;
  for (const piece of pieces) await teller.send(...piece);
  await until(`${name} works`, async () => {
    seen = await measure();
    return seen.done > before;
  });
  return seen.done < seen.all;
}

function countBy(names: readonly string[]): string {
  const groups = Map.groupBy(names, (name) => name);
  return [...groups].map(([name, all]) => `${all.length} ${name}`).join(', ');
}
