import { eventually } from '../../support/eventually.ts';
import type { Query } from './evidence.ts';

/** A reconciler orders the trail once a second. */
// A transaction of any database of the server delays the order.
const LIMIT_MS = 60_000;

/**
 * Waits until every audit entry has a position, at most a minute: `audit-order` reports entries without one.
 *
 * @param pass - a pass of the sequencer, where no reconciler runs
 */
export async function untilOrdered(
  query: Query,
  pass: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const unordered = async (): Promise<number> => {
    await pass();
    const [row] = (await query(UNORDERED)) as readonly { readonly entries: number }[];
    return row?.entries ?? 0;
  };
  const isOrdered = (entries: number): boolean => entries === 0;
  await eventually('audit entries without a position', unordered, isOrdered, LIMIT_MS).catch(
    () => undefined,
  );
}

const UNORDERED = `select count(*)::integer as entries from audit_entry
  left join lateral (
    select last_audit_id from audit_order
    where first_audit_id <= audit_id order by first_audit_id desc limit 1
  ) as range on true
  where audit_id > coalesce(last_audit_id, 0)`;
