import { HR, ivrEvent, type SentEvent, structured } from '../../../support/events.ts';
import { openArena, type Servers } from '../../arena/arena.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { factEvent } from '../../workload/facts.ts';
import { drain, type TrialFinding } from './drain.ts';

const HISTORIES_COUNT = 10;
const EXPIRES_AT = '2090-01-01T00:00:00Z';
/** Indexes of `MOMENTS`. */
const PAST = 1;
const FUTURE = 8;
const FUTURE_LATER = 11;
const NO_DATE = 99;
/** Values of `detail` of a draft. */
const SALES = 0;
const ORDINARY = 0;
const IMMEDIATE = 4;

/** Histories that the generator seldom produces, each decided by one rule. */
export async function rareHistories(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 1, relays: 1, partitions: 1 });
  const ledger = createLedger();
  const names = Array.from({ length: HISTORIES_COUNT }, (_, index) => `rare${index}`);
  const events = names.flatMap((name) => [...createRejoin(name), ...createApproval(name)]);
  const records = events.map(structured);
  ledger.sent(records);
  await arena.send(records);
  return [...(await drain(arena)), ...(await judgeArena(arena, ledger))];
}

/** An end and a rejoin are announced, then an immediate leave. */
function createRejoin(externalId: string): readonly SentEvent[] {
  const person = { source: HR, externalId } as const;
  const about = { engagement: 0, until: NO_DATE };
  return [
    factEvent(person, 1, { ...about, kind: 'joined', at: PAST, detail: SALES }),
    factEvent(person, 2, { ...about, kind: 'left', at: FUTURE, detail: ORDINARY }),
    factEvent(person, 3, { ...about, kind: 'joined', at: FUTURE_LATER, detail: SALES }),
    factEvent(person, 4, { ...about, kind: 'left', at: FUTURE, detail: IMMEDIATE }),
  ];
}

/** A success that names none of the factors of its purpose. */
function createApproval(verification: string): readonly SentEvent[] {
  const by = { attempt: 'A1', platform: 'acme-voice' };
  return [
    ivrEvent('requested', verification, { purpose: 'transfer-approval', expiresAt: EXPIRES_AT }),
    ivrEvent('attempt-opened', verification, { ...by, channel: 'voice' }),
    ivrEvent('verdict-reached', verification, { ...by, verdict: 'verified', decidedBy: 'bridge' }),
  ];
}
