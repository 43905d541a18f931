import type { OutputTopic } from '@latchkey/contracts';
import type { OutputMessage } from '../../support/output-reader.ts';
import { audit, auditOrder, decidedInOrder } from './checks/audit.ts';
import { dueWork } from './checks/due-work.ts';
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
import type { Check, Observations } from './observations.ts';
import { untilOrdered } from './until-ordered.ts';

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
  'audit-order': auditOrder,
  'decided-in-order': decidedInOrder,
  terminal,
  orphans,
  'due-work': dueWork,
  'effect-id': effectId,
} as const satisfies Record<string, Check>;

/** One violation. */
export interface Finding {
  readonly check: CheckName | 'replay' | 'downstream' | 'deadlocks';
  readonly detail: string;
}

export interface JudgeRequest {
  readonly query: Query;
  /** Names of the output topics. */
  readonly names: Readonly<Record<OutputTopic, string>>;
  readonly ledger: Ledger;
  /** All messages of the output topics from the start, read with `read_committed`. */
  readonly messages: readonly OutputMessage[];
  /** Default: all. */
  readonly checks?: readonly CheckName[];
}

export type CheckName = keyof typeof CHECKS;

/** Findings listed per check, at most. */
const DETAILS_MAX_COUNT = 20;

/**
 * Findings after all inputs are processed and all messages are read; empty if there is no violation. The database
 * must contain only what the ledger lists, and its whole outbox.
 */
export async function judge(request: JudgeRequest): Promise<readonly Finding[]> {
  const { query, names, ledger, messages, checks } = request;
  if (checks?.includes('audit-order') !== false) await untilOrdered(query);
  const evidence = await gatherEvidence(query, names);
  return runChecks({ ledger, evidence, messages, nowMs: Date.now() }, checks);
}

/** @param checks - default: all */
export function runChecks(
  observed: Observations,
  checks = Object.keys(CHECKS) as readonly CheckName[],
): readonly Finding[] {
  return checks.flatMap((check) =>
    CHECKS[check](observed)
      .slice(0, DETAILS_MAX_COUNT)
      .map((detail) => ({ check, detail })),
  );
}
