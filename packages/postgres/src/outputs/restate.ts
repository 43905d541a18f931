import { sql } from 'kysely';
import { IDENTITY, type IdentityRow } from '../identity/identity-rows.ts';
import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters } from '../row-parameters.ts';
import { rowSpec, selectColumns } from '../row-spec.ts';
import { statement } from '../statement.ts';
import { VERIFICATION, type VerificationRow } from '../verification/verification-rows.ts';
import { updateRows } from '../write-rows.ts';

interface Unstated {
  /** The first generation of the epoch. */
  readonly start: bigint;
  /** Only those after this id; an empty text or the lowest id to begin. */
  readonly after: string;
  readonly limit: number;
}

/**
 * Locks identities of which a message was published, but not all that is known in this epoch; by id. Reads
 * the accounts of one at a time: `exists` is planned as a scan of all accounts, once a call.
 */
export const listUnstatedIdentities = statement<Unstated, IdentityRow>(
  'list_unstated_identities',
  (p) => sql`
    select ${selectColumns(IDENTITY)}
    from identity
    where identity_id > ${p.after}::uuid and lifecycle is not null
      and (generation < ${p.start}::bigint or ${p.start}::bigint > (
        select min(account.generation) from account
        where account.identity_id = identity.identity_id))
    order by identity_id
    limit ${p.limit}::integer
    for no key update`,
);

/** Locks settled verifications that were not stated in this epoch; by id. */
export const listUnstatedVerifications = statement<Unstated, VerificationRow>(
  'list_unstated_verifications',
  (p) => sql`
    select ${selectColumns(VERIFICATION)} from verification
    where verification_id > ${p.after}::text and state <> 'pending'
      and generation < ${p.start}::bigint
    order by verification_id
    limit ${p.limit}::integer
    for no key update`,
);

/** Objects whose state is stated again as it is, with the generation of the message. */
export interface RaisedGenerations {
  readonly identities: readonly Raised[];
  readonly accounts: readonly Raised[];
  readonly verifications: readonly Raised[];
}

interface Raised {
  readonly id: string;
  readonly generation: bigint;
}

/** Saves the generations of objects that this transaction has locked, and nothing else of them. */
export function raiseGenerations(tx: Tx, raised: RaisedGenerations): void {
  const { identities, accounts, verifications } = raised;
  if (identities.length > 0) tx.finally(raiseIdentities, encodeRows(RAISED.identity, identities));
  if (accounts.length > 0) tx.finally(raiseAccounts, encodeRows(RAISED.account, accounts));
  if (verifications.length > 0) {
    tx.finally(raiseVerifications, encodeRows(RAISED.verification, verifications));
  }
}

const BY_UUID = { id: 'uuid', generation: 'bigint' } as const;
const BY_TEXT = { id: 'text', generation: 'bigint' } as const;

const RAISED = {
  identity: rowSpec('identity', BY_UUID, { key: ['id'], names: { id: 'identity_id' } }),
  account: rowSpec('account', BY_UUID, { key: ['id'], names: { id: 'account_id' } }),
  verification: rowSpec('verification', BY_TEXT, { key: ['id'], names: { id: 'verification_id' } }),
};

const raiseIdentities = statement<RowParameters<typeof RAISED.identity>, object>(
  'raise_identity_generations',
  (p) => updateRows(RAISED.identity, p),
);

const raiseAccounts = statement<RowParameters<typeof RAISED.account>, object>(
  'raise_account_generations',
  (p) => updateRows(RAISED.account, p),
);

const raiseVerifications = statement<RowParameters<typeof RAISED.verification>, object>(
  'raise_verification_generations',
  (p) => updateRows(RAISED.verification, p),
);
