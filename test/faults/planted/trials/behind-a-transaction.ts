import { inSeconds, ivrEvent, type SentEvent, structured } from '../../../support/events.ts';
import { eventually } from '../../../support/eventually.ts';
import { openTransaction } from '../../../support/open-transaction.ts';
import { type Arena, openArena, type Servers } from '../../arena/arena.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { drain, type TrialFinding } from './drain.ts';

const VERIFICATION = 'behind';
const BY = { attempt: 'A1', platform: 'acme-voice' };
const VALID_SECONDS = 15;
/** Time for a reconciler to decide: it sweeps once a second, with a margin of 1 s. */
const DECIDED_AFTER_MS = 8_000;
const LIMIT_MS = 60_000;

/**
 * A foreign transaction stays open in front of a verdict that the broker received in time, until the deadline has
 * passed. The verdict must count once it is readable.
 *
 * @throws Error when the verdict was not sent in time
 */
export async function behindATransaction(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 1, relays: 1, partitions: 1 });
  const ledger = createLedger();
  const send = async (...events: readonly SentEvent[]): Promise<void> => {
    const records = events.map(structured);
    ledger.sent(records);
    await arena.send(records);
  };
  const expiresAt = inSeconds(VALID_SECONDS);
  await send(
    ivrEvent('requested', VERIFICATION, { purpose: 'callback', expiresAt }),
    ivrEvent('attempt-opened', VERIFICATION, { ...BY, channel: 'voice' }),
  );
  await arena.processed(LIMIT_MS);
  await using open = await openTransaction(
    servers.brokers,
    arena.topics.names['verification-events'],
    0,
  );
  const verdict = { ...BY, verdict: 'verified', decidedBy: 'bridge' };
  await send(ivrEvent('verdict-reached', VERIFICATION, verdict));
  if (Date.now() > Date.parse(expiresAt)) throw new Error('the verdict came too late');
  await untilDecided(arena, Date.parse(expiresAt) + DECIDED_AFTER_MS);
  await open.abort();
  return [...(await drain(arena)), ...(await judgeArena(arena, ledger))];
}

/** Waits until the verification is settled or `untilMs` has passed. */
async function untilDecided({ database }: Arena, untilMs: number): Promise<void> {
  const isPending = async (): Promise<boolean> => {
    const rows = await database.query(
      "select from verification where verification_id = $1 and state = 'pending'",
      [VERIFICATION],
    );
    return rows.length > 0;
  };
  const isOver = (pending: boolean): boolean => !pending || Date.now() > untilMs;
  await eventually('the deadline', isPending, isOver, LIMIT_MS);
}
