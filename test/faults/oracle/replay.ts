import type { Query } from './evidence.ts';
import type { Finding } from './judge.ts';

/** What must be the same after the whole input was sent once more: by table, a digest of its rows. */
export type StateFingerprint = Readonly<Record<string, string>>;

/** Tables, and which of their rows another delivery of something known may not touch. */
const KEPT: Readonly<Record<string, string>> = {
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

/** For `replayFindings`: take one before the replay and one after it. */
export async function fingerprintOfState(query: Query): Promise<StateFingerprint> {
  const digests: Record<string, string> = {};
  for (const [table, rows] of Object.entries(KEPT)) {
    const [row] = (await query(
      `select count(*) || ' rows ' || coalesce(md5(string_agg(kept::text, '|' order by kept::text)), '')
        as digest from (${rows}) as kept`,
    )) as readonly { readonly digest: string }[];
    digests[table] = row?.digest ?? '';
  }
  return digests;
}

/** What a replay changed; dead letters apart, which are given up once more, that must be nothing. */
export function replayFindings(
  before: StateFingerprint,
  after: StateFingerprint,
): readonly Finding[] {
  return Object.keys(before)
    .filter((table) => before[table] !== after[table])
    .map((table) => ({
      check: 'replay',
      detail: `${table}: ${before[table]} became ${after[table]}`,
    }));
}
