import { sql } from 'kysely';
import type { IdentityRow } from '../identity/lock-identities.ts';
import type { Tx } from '../in-transaction.ts';
import { columnsOf, type RowColumns, selectRows } from '../rows.ts';
import { statement } from '../statement.ts';
import { type VerificationRow, verificationColumns } from '../verification/lock-verifications.ts';

interface Unstated {
  /** The first generation of the epoch. */
  readonly start: bigint;
  /** Only those behind this id; an empty text or the lowest id to begin. */
  readonly after: string;
  readonly limit: number;
}

/**
 * Locks identities of which a message was published, but not all that is known in this epoch; by id. Looks
 * at the accounts of one at a time: `exists` is planned as a scan of all accounts, once a call.
 */
export const listUnstatedIdentities = statement<Unstated, IdentityRow>(
  'list_unstated_identities',
  (p) => sql`
    select identity_id as "identityId", source, external_id as "externalId", lifecycle, generation,
      derived_at as "derivedAtMs"
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
    select ${verificationColumns} from verification
    where verification_id > ${p.after}::text and state <> 'pending'
      and generation < ${p.start}::bigint
    order by verification_id
    limit ${p.limit}::integer
    for no key update`,
);

/** Objects whose state is stated again as it is, with the generation of the message. */
export interface RaisedGenerations {
  readonly identities: readonly { readonly id: string; readonly generation: bigint }[];
  readonly accounts: readonly { readonly id: string; readonly generation: bigint }[];
  readonly verifications: readonly { readonly id: string; readonly generation: bigint }[];
}

/** Saves the generations of what this transaction has locked, and nothing else of it. */
export function raiseGenerations(tx: Tx, raised: RaisedGenerations): void {
  const { identities, accounts, verifications } = raised;
  if (identities.length > 0) tx.finally(raiseIdentities, columnsOf(BY_UUID, identities));
  if (accounts.length > 0) tx.finally(raiseAccounts, columnsOf(BY_UUID, accounts));
  if (verifications.length > 0) tx.finally(raiseVerifications, columnsOf(BY_TEXT, verifications));
}

const BY_UUID = { id: 'uuid', generation: 'bigint' } as const;
const BY_TEXT = { id: 'text', generation: 'bigint' } as const;

const raiseIdentities = statement<RowColumns<typeof BY_UUID>, object>(
  'raise_identity_generations',
  (p) => sql`
    update identity set generation = raised.generation
    from (${selectRows(BY_UUID, p)}) as raised where identity.identity_id = raised.id`,
);

const raiseAccounts = statement<RowColumns<typeof BY_UUID>, object>(
  'raise_account_generations',
  (p) => sql`
    update account set generation = raised.generation
    from (${selectRows(BY_UUID, p)}) as raised where account.account_id = raised.id`,
);

const raiseVerifications = statement<RowColumns<typeof BY_TEXT>, object>(
  'raise_verification_generations',
  (p) => sql`
    update verification set generation = raised.generation
    from (${selectRows(BY_TEXT, p)}) as raised where verification.verification_id = raised.id`,
);
