import type { Query } from './evidence.ts';
import type { Finding } from './judge.ts';

/** Digest of the rows of each table, which a replay of the whole input must not change. */
export type StateFingerprint = Readonly<Record<string, string>>;

/** Rows of each table that a repeated delivery must not change. */
const UNCHANGED: Readonly<Record<string, string>> = {
  inbox: 'select event_id, fingerprint, disposition, outcome from inbox',
  fact: 'select * from fact',
  identity: 'select identity_id, lifecycle, generation from identity',
  engagement: 'select * from engagement',
  account: 'select * from account',
  assignment: 'select * from assignment',
  review: 'select * from review',
  verification: 'select * from verification',
  verification_attempt: 'select * from verification_attempt',
  verification_callback: 'select * from verification_callback',
  verification_failure: 'select * from verification_failure',
  conflict: 'select event_id, fingerprint, body from conflict',
  audit_entry: "select * from audit_entry where subject_kind <> 'dead_letter'",
  outbox: `select * from outbox
    where headers::json ->> 'ce_type' <> 'latchkey.delivery.dead-lettered.v1'`,
};

/** Input of `diffState`: compute one before and one after the replay. */
export async function fingerprintState(query: Query): Promise<StateFingerprint> {
  const digests: Record<string, string> = {};
  for (const [table, rows] of Object.entries(UNCHANGED)) {
    const [row] = (await query(
      `select count(*) || ' rows ' || coalesce(md5(string_agg(unchanged::text, '|' order by unchanged::text)), '')
        as digest from (${rows}) as unchanged`,
    )) as readonly { readonly digest: string }[];
    digests[table] = row?.digest ?? '';
  }
  return digests;
}

/** Tables that a replay has changed. Excludes dead letters, which are written again. */
export function diffState(before: StateFingerprint, after: StateFingerprint): readonly Finding[] {
  return Object.keys(before)
    .filter((table) => before[table] !== after[table])
    .map((table) => ({
      check: 'replay',
      detail: `${table}: ${before[table]} became ${after[table]}`,
    }));
}
