import type { Tx } from '../in-transaction.ts';
import { encodeRows, type RowParameters } from '../row-parameters.ts';
import { statement } from '../statement.ts';
import { insertRows } from '../write-rows.ts';
import { NEW_FACT, type NewFact } from './fact-rows.ts';

/**
 * Adds facts to the record. An event id that is there already fails the transaction. Triggers turn the switches of
 * blocks, and drop the head of each engagement that one of these facts is not above.
 */
export function appendFacts(tx: Tx, facts: readonly NewFact[]): void {
  if (facts.length === 0) return;
  tx.finally(insertFacts, encodeRows(NEW_FACT, facts));
}

const insertFacts = statement<RowParameters<typeof NEW_FACT>, object>('insert_facts', (p) =>
  insertRows(NEW_FACT, p),
);
