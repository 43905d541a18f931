import { identityIdOf } from '@latchkey/contracts';
import { HR, structured } from '../../../support/events.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Arena, openArena, type Servers } from '../../arena/arena.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { drain, type TrialFinding } from './drain.ts';
import { createJoiner } from './joiner.ts';

const LIMIT_MS = 15_000;

/**
 * A process died while it had leased one identity that was due, and an older policy failed with another a minute ago. The
 * reconciler must decide both.
 */
export async function dueAgain(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 1, relays: 1, partitions: 1 });
  const ledger = createLedger();
  const names = ['leased', 'failed'];
  const records = names.map((name) => structured(createJoiner(name)));
  ledger.sent(records);
  await arena.send(records);
  const drained = await drain(arena);
  await leaveDue(arena, ...names.map((name) => identityIdOf(HR, name)));
  await untilDecided(arena);
  return [...drained, ...(await judgeArena(arena, ledger))];
}

/** In one transaction, so that the reconciler never sees the identities without their due work. */
async function leaveDue({ database }: Arena, leased = '', failed = ''): Promise<void> {
  await database.query(`
    begin;
    insert into due_work (kind, item_id, due_at, lease_until, tried_policy, tried_build, tried_at)
    values ('clock', '${leased}', now(), now() - interval '1 min', 'old', 'old', now() - interval '3 min');
    insert into due_work (kind, item_id, due_at, retry_at, tried_policy, tried_build, failed_under, cause, tried_at)
    values ('clock', '${failed}', now(), now() + interval '1 hour', 'old', 'old', '{old old}', 'test', now() - interval '1 min');
    update identity set next_transition_at = now(),
      parked_at = case when identity_id = '${failed}' then now() end
    where identity_id in ('${leased}', '${failed}');
    commit;`);
}

/** Gives the reconciler time: the oracle reports what it has not done. */
async function untilDecided({ database }: Arena): Promise<void> {
  const left = () => database.query('select from due_work');
  const isNone = (rows: readonly object[]): boolean => rows.length === 0;
  await eventually('no due work', left, isNone, LIMIT_MS).catch(() => undefined);
}
