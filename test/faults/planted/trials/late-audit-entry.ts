import { ivrEvent, type SentEvent, structured } from '../../../support/events.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Arena, openArena, type Servers } from '../../arena/arena.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { drain, type TrialFinding } from './drain.ts';
import { createJoiner } from './joiner.ts';
import { idOf, lockRow, untilWaiting } from './lock-row.ts';

const EXPIRES_AT = '2090-01-01T00:00:00Z';
/** Several passes of the sequencer. */
const LIMIT_MS = 8_000;
/** The locks that transactions need to append to the outbox, after their audit entries. */
const LOCK_LANES = 'select pg_advisory_xact_lock(19531, lane) from outbox_lane order by lane';

/** An audit entry is committed after an entry with a greater id. Each must receive its position. */
export async function lateAuditEntry(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 1, relays: 1, partitions: 1 });
  const ledger = createLedger();
  const send = async (event: SentEvent): Promise<void> => {
    const records = [structured(event)];
    ledger.sent(records);
    await arena.send(records);
  };
  const requested = ivrEvent('requested', 'v1', { purpose: 'callback', expiresAt: EXPIRES_AT });
  await lockRow(arena, LOCK_LANES, [], async () => {
    await send(createJoiner('late'));
    await untilWaiting(arena, 1);
    await send(requested);
    await untilOrdered(arena, idOf(requested));
  });
  return [...(await drain(arena)), ...(await judgeArena(arena, ledger))];
}

/** Gives the sequencer time to order the entry of this event: it must not, while an entry with a smaller id is not final. */
async function untilOrdered({ database }: Arena, eventId: string): Promise<void> {
  const ordered = async (): Promise<number> => {
    const rows = await database.query(
      `select from audit_entry join audit_order on audit_id between first_audit_id and last_audit_id
      where event_id = $1`,
      [eventId],
    );
    return rows.length;
  };
  const isOrdered = (count: number): boolean => count > 0;
  await eventually(`a position of ${eventId}`, ordered, isOrdered, LIMIT_MS).catch(() => undefined);
}
