import { eventually } from '../../support/eventually.ts';
import type { Query } from './evidence.ts';

/** A reconciler orders the trail once a second. */
const LIMIT_MS = 20_000;

/** Waits until every audit entry has a position, at most 20 s: `audit-order` reports entries without one. */
export async function untilOrdered(query: Query): Promise<void> {
  const unordered = async (): Promise<number> => {
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
