import { derivedId } from '@latchkey/contracts';
import type { AdoptedRow } from '@latchkey/postgres';
import { anchorOf, digestOf, type LaneEvidence } from '@latchkey/publication';
import type { LanePlan } from './plan-lane.ts';

/**
 * The outbox row of the message at the published position, where the relay starts: a placeholder (generation 0) where the
 * topic has deleted the message; undefined where the outbox has the row.
 */
export function buildAdoptedRow(
  topic: string,
  evidence: LaneEvidence,
  plan: LanePlan,
): AdoptedRow | undefined {
  if (!isMissing(evidence, plan)) return undefined;
  const { lane, partition } = evidence;
  const { published, record } = plan;
  const message = record?.record;
  if (message === undefined) return buildPlaceholder(topic, lane, partition, published);
  const headers = new Map(message.headers.map(([name, value]) => [name, value.toString()]));
  headers.delete('lk_position');
  return {
    lane,
    position: published,
    ceId: headers.get('ce_id') ?? '',
    key: message.key?.toString() ?? '',
    headers: JSON.stringify(Object.fromEntries(headers)),
    payload: message.value?.toString() ?? '',
    generation: BigInt(headers.get('lk_generation') ?? 0),
  };
}

function isMissing({ rowAnchor }: LaneEvidence, { common, published }: LanePlan): boolean {
  return published > 0n && (common < published || rowAnchor === undefined);
}

function buildPlaceholder(
  topic: string,
  lane: number,
  partition: number,
  position: bigint,
): AdoptedRow {
  const ceId = derivedId('placeholder', topic, String(partition), position.toString());
  return { lane, position, ceId, key: ceId, headers: '{}', payload: '{}', generation: 0n };
}

/** The anchor that the relay will read from the row. */
export function anchorOfRow({ ceId, headers, payload }: AdoptedRow): string {
  const { ce_time: decidedAt } = JSON.parse(headers) as { readonly ce_time?: string };
  return anchorOf({ ceId, digest: digestOf(decidedAt, payload) });
}
