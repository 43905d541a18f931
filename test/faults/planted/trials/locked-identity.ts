import { identityIdOf } from '@latchkey/contracts';
import { HR, ivrEvent, type SentRecord, structured } from '../../../support/events.ts';
import { openArena, type Servers } from '../../arena/arena.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { drain, type TrialFinding } from './drain.ts';
import { createJoiner } from './joiner.ts';
import { idOf, lockRow, untilClaimed, untilWaiting } from './lock-row.ts';

const ATTEMPTS_COUNT = 3;
/** Shorter than the lock timeout: afterwards each part of the transaction is processed alone. */
const CLAIMED_AFTER_MS = 5_000;
const EXPIRES_AT = '2090-01-01T00:00:00Z';
const LOCK_IDENTITIES = `insert into identity (identity_id, source, external_id)
  values ($1, $2, $3), ($4, $2, $5)`;
/** One slot: a fact and a report wait for it together if their families share it. */
const ENV = { PARTITIONS_AT_ONCE: '1' };

/**
 * Facts wait for locked identities while a report of a verification arrives. Reports `blocked` if the report waits
 * for the facts.
 */
export async function lockedIdentity(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, {
    reconcilers: 1,
    relays: 1,
    partitions: 2,
    env: ENV,
  });
  const ledger = createLedger();
  const send = async (...records: readonly SentRecord[]): Promise<void> => {
    ledger.sent(records);
    await arena.send(records);
  };
  const blocked: TrialFinding[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS_COUNT && blocked.length === 0; attempt += 1) {
    const [first, second] = [`first${attempt}`, `second${attempt}`];
    const requested = ivrEvent('requested', `v${attempt}`, {
      purpose: 'callback',
      expiresAt: EXPIRES_AT,
    });
    const identities = [identityIdOf(HR, first), HR, first, identityIdOf(HR, second), second];
    await lockRow(arena, LOCK_IDENTITIES, identities, async () => {
      await send({ ...structured(createJoiner(first)), partition: 0 });
      await untilWaiting(arena, 1);
      await send({ ...structured(createJoiner(second)), partition: 1 }, structured(requested));
      await untilWaiting(arena, 2);
      await untilClaimed(arena, idOf(requested), CLAIMED_AFTER_MS).catch((error: unknown) => {
        blocked.push({ check: 'blocked', detail: String(error) });
      });
    });
    const stuck = await drain(arena);
    if (stuck.length > 0) return [...blocked, ...stuck];
  }
  return [...blocked, ...(await judgeArena(arena, ledger))];
}
