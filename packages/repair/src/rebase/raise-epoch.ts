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
import { appendRepairAudit } from '../append-repair-audit.ts';
import type { Repair } from '../repair.ts';

const LOCK_NOT_AVAILABLE = '55P03';
/** Each waits up to 10 s for transactions that are deciding. */
const ATTEMPTS = 6;

/** The highest epoch known to be published; 0 where none is. */
export function highestEpoch(findings: Iterable<TopicFindings>): number {
  const lanes = [...findings].flatMap(({ evidence }) => evidence.lanes);
  return Math.max(0, ...lanes.map(({ committed }) => committed?.epoch ?? 0));
}

/**
 * Raises the epoch above every published one. Waits for transactions that are deciding; later ones count in the new epoch.
 *
 * @param published - the highest published epoch
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
          subject: { subjectKind: 'output_state', subjectId: 'epoch' },
          nowMs: raised.nowMs,
          decisions: [{ kind: 'epoch_raised', from, to }],
        });
        return true;
      });
      // Another process has raised it as far meanwhile: try again, above that.
      if (isRaised) return to;
    } catch (error) {
      if (attempt === ATTEMPTS || sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    }
  }
  throw new Error(`others have raised the epoch ${ATTEMPTS} times meanwhile`);
}
