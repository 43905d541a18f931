import { Failure, MAX_EPOCH } from '@latchkey/contracts';
import {
  type Db,
  lockDeciders,
  raiseEpoch,
  readOutputState,
  type Session,
  sqlStateOf,
} from '@latchkey/postgres';
import type { TopicFindings } from '@latchkey/publication';
import { appendRepairAudit } from './append-repair-audit.ts';
import type { Repair } from './open-repair.ts';

const LOCK_NOT_AVAILABLE = '55P03';
/** Each waits up to 10 s for those who decide at the moment. */
const ATTEMPTS = 6;

/** The highest epoch that is known to have been published; 0 where none is. */
export function highestEpoch(findings: Iterable<TopicFindings>): number {
  const lanes = [...findings].flatMap(({ evidence }) => evidence.lanes);
  return Math.max(0, ...lanes.map(({ committed }) => committed?.epoch ?? 0));
}

/**
 * Raises the epoch above everything that was published. Waits for those who decide at the moment:
 * whoever decides later counts in the new epoch.
 *
 * @param published - the highest that was
 * @returns the new epoch
 */
export async function raiseAbove(
  db: Db,
  session: Pick<Session, 'transaction'>,
  published: number,
  by: Pick<Repair, 'operator' | 'owner'>,
): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    // eslint-disable-next-line no-await-in-loop -- one attempt after the other
    const { epoch: from } = await readOutputState(db);
    const to = Math.max(from, published) + 1;
    if (to > MAX_EPOCH) throw new Failure('CONFIG_INVALID', { problems: ['no epoch is left'] });
    try {
      // eslint-disable-next-line no-await-in-loop -- see above
      const isRaised = await session.transaction(async (tx) => {
        await tx.run(lockDeciders, {});
        const [raised] = await tx.run(raiseEpoch, { epoch: to });
        if (raised === undefined) return false;
        appendRepairAudit(tx, by, {
          subjectKind: 'output_state',
          subjectId: 'epoch',
          decidedAtMs: raised.nowMs,
          decisions: [{ kind: 'epoch_raised', from, to }],
        });
        return true;
      });
      // Another command may have raised it as far meanwhile: once more, above that.
      if (isRaised) return to;
    } catch (error) {
      if (attempt === ATTEMPTS || sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    }
  }
  throw new Error(`others have raised the epoch ${ATTEMPTS} times meanwhile`);
}
