import { HR, ivrEvent, type SentEvent, structured } from '../../../support/events.ts';
import { openArena, type Servers } from '../../arena/arena.ts';
import { createLedger } from '../../oracle/ledger.ts';
import { judgeArena } from '../../sweep/campaign.ts';
import { factEvent } from '../../workload/facts.ts';
import { drain, type TrialFinding } from './drain.ts';

const STORIES_COUNT = 10;
const EXPIRES_AT = '2090-01-01T00:00:00Z';
/** Of `MOMENTS`. */
const LONG_SINCE = 1;
const FAR_AHEAD = 8;
const FARTHER_AHEAD = 11;
const NO_DATE = 99;
/** The details of drafts that say so. */
const SALES = 0;
const ORDINARY = 0;
const IMMEDIATE = 4;

/** Stories that a generated workload seldom tells, each decided by one rule. */
export async function rareStories(servers: Servers): Promise<readonly TrialFinding[]> {
  await using arena = await openArena(servers, { reconcilers: 1, relays: 1, partitions: 1 });
  const ledger = createLedger();
  const names = Array.from({ length: STORIES_COUNT }, (_, index) => `rare${index}`);
  const events = names.flatMap((name) => [...rejoin(name), ...approval(name)]);
  const records = events.map(structured);
  ledger.sent(records);
  await arena.send(records);
  return [...(await drain(arena)), ...(await judgeArena(arena, ledger))];
}

/** An end and a rejoin are announced; then the person has to go at once. */
function rejoin(externalId: string): readonly SentEvent[] {
  const person = { source: HR, externalId } as const;
  const about = { engagement: 0, until: NO_DATE };
  return [
    factEvent(person, 1, { ...about, kind: 'joined', at: LONG_SINCE, detail: SALES }),
    factEvent(person, 2, { ...about, kind: 'left', at: FAR_AHEAD, detail: ORDINARY }),
    factEvent(person, 3, { ...about, kind: 'joined', at: FARTHER_AHEAD, detail: SALES }),
    factEvent(person, 4, { ...about, kind: 'left', at: FAR_AHEAD, detail: IMMEDIATE }),
  ];
}

/** A success that names none of the factors that its purpose asks for. */
function approval(verification: string): readonly SentEvent[] {
  const by = { attempt: 'A1', platform: 'acme-voice' };
  return [
    ivrEvent('requested', verification, { purpose: 'transfer-approval', expiresAt: EXPIRES_AT }),
    ivrEvent('attempt-opened', verification, { ...by, channel: 'voice' }),
    ivrEvent('verdict-reached', verification, { ...by, verdict: 'verified', decidedBy: 'bridge' }),
  ];
}
