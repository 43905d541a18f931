import type { OutputMessage } from './output-reader.ts';

/** The result of one check, with its figure. */
export interface Check {
  readonly name: string;
  readonly found: string;
  readonly holds: boolean;
}

/** G8 and G9 as a `read_committed` reader sees them: no message twice, no gap, in order, generations rise by one. */
export function checkMessages(messages: readonly OutputMessage[]): readonly Check[] {
  return [noDuplicates(messages), contiguous(messages), generationsRise(messages)];
}

function noDuplicates(messages: readonly OutputMessage[]): Check {
  const repeated = messages.length - new Set(messages.map(({ id }) => id)).size;
  return {
    name: 'no message twice',
    found: `${repeated} repeated among ${messages.length}`,
    holds: repeated === 0,
  };
}

function contiguous(messages: readonly OutputMessage[]): Check {
  const lanes = Map.groupBy(messages, ({ topic, partition }) => `${topic}/${partition}`);
  const broken = [...lanes].filter(([, lane]) =>
    lane.some(({ position }, index) => position !== BigInt(index + 1)),
  );
  return {
    name: 'lk_position contiguous from 1 in every partition',
    found: `${broken.length} of ${lanes.size} partitions with a gap or an inversion`,
    holds: broken.length === 0,
  };
}

/** The object that a generation counts: an account for access, else the key. */
function objectOf({ type, key, data }: OutputMessage): string {
  return `${type} ${typeof data['accountId'] === 'string' ? data['accountId'] : key}`;
}

function generationsRise(messages: readonly OutputMessage[]): Check {
  const objects = Map.groupBy(messages, objectOf);
  const broken = [...objects].filter(([, own]) =>
    own.some(
      ({ generation }, index) =>
        index > 0 && generation !== (own[index - 1]?.generation ?? 0n) + 1n,
    ),
  );
  return {
    name: 'order per key: every generation one above the last',
    found: `${broken.length} of ${objects.size} objects out of order`,
    holds: broken.length === 0,
  };
}

/** The counts of all input positions together. */
export interface ProgressTotals {
  readonly received: number;
  readonly applied: number;
  readonly duplicate: number;
  readonly stale: number;
  readonly conflict: number;
  readonly deadLetter: number;
  /** Offsets that were read. */
  readonly read: number;
}

export const PROGRESS_TOTALS = `
  select coalesce(sum(received), 0)::float8 as received, coalesce(sum(applied), 0)::float8 as applied,
    coalesce(sum(duplicate), 0)::float8 as duplicate, coalesce(sum(stale), 0)::float8 as stale,
    coalesce(sum(conflict), 0)::float8 as conflict, coalesce(sum(dead_letter), 0)::float8 as "deadLetter",
    coalesce(sum(next_offset - first_offset), 0)::float8 as read
  from intake_progress`;

/** I22, compared with the number of deliveries that were sent. */
export function checkConservation(totals: ProgressTotals, sent: number): Check {
  const { received, applied, duplicate, stale, conflict, deadLetter } = totals;
  const sum = applied + duplicate + stale + conflict + deadLetter;
  return {
    name: 'conservation: sent = received = applied + duplicate + stale + conflict + dead letters',
    found: `${sent} = ${received} = ${applied} + ${duplicate} + ${stale} + ${conflict} + ${deadLetter}`,
    holds: received === sent && sum === sent,
  };
}
