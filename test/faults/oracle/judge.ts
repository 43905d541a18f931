import type { OutputTopic } from '@latchkey/contracts';
import type { OutputMessage } from '../../support/output-reader.ts';
import { audit, decidedInOrder } from './checks/audit.ts';
import { appliedTwice, conservation, lost } from './checks/inputs.ts';
import { orphans } from './checks/orphans.ts';
import {
  effectId,
  gap,
  generation,
  ghost,
  inversion,
  publishedTwice,
  unpublished,
} from './checks/outputs.ts';
import { state } from './checks/state.ts';
import { terminal } from './checks/terminal.ts';
import { gatherEvidence, type Query } from './evidence.ts';
import type { Ledger } from './ledger.ts';
import type { Check, Seen } from './seen.ts';

const CHECKS = {
  lost,
  'applied-twice': appliedTwice,
  'published-twice': publishedTwice,
  ghost,
  unpublished,
  gap,
  inversion,
  generation,
  state,
  conservation,
  audit,
  'decided-in-order': decidedInOrder,
  terminal,
  orphans,
  'effect-id': effectId,
} as const satisfies Record<string, Check>;

/** One thing that is wrong. */
export interface Finding {
  readonly check: CheckName | 'replay' | 'downstream' | 'deadlocks';
  readonly detail: string;
}

export interface JudgeRequest {
  readonly query: Query;
  /** Of the output topics. */
  readonly names: Readonly<Record<OutputTopic, string>>;
  readonly ledger: Ledger;
  /** Everything on the output topics that a reader of committed messages sees, from the beginning. */
  readonly messages: readonly OutputMessage[];
  /** All of them if left out. */
  readonly checks?: readonly CheckName[];
}

export type CheckName = keyof typeof CHECKS;

/** Of one check no more are listed, so that a broken system can still be read. */
const DETAILS_MAX_COUNT = 20;

/**
 * Everything that is wrong when all that was sent was taken and all that was appended was read; nothing, when
 * it is all right. The database must hold nothing but what the ledger lists, and its whole outbox.
 */
export async function judge(request: JudgeRequest): Promise<readonly Finding[]> {
  const { query, names, ledger, messages, checks } = request;
  const evidence = await gatherEvidence(query, names);
  return findingsOf({ ledger, evidence, messages, nowMs: Date.now() }, checks);
}

/** @param checks - these only; all of them if left out */
export function findingsOf(
  seen: Seen,
  checks = Object.keys(CHECKS) as readonly CheckName[],
): readonly Finding[] {
  return checks.flatMap((check) =>
    CHECKS[check](seen)
      .slice(0, DETAILS_MAX_COUNT)
      .map((detail) => ({ check, detail })),
  );
}
