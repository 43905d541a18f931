import type { Blocks, CurrentIdentity } from '@latchkey/domain';
import { engagementKey } from './engagement-key.ts';
import type { LockedIdentity } from './known-identity.ts';
import { bytesOfText, type FactSize, type ReadSizes } from './read-sizes.ts';
import type { WholeEngagement } from './read-whole.ts';
import {
  headOf,
  introduces,
  type ReadEngagement,
  type ReadEngagements,
  sizeOf,
} from './stored-record.ts';

/** What was read of an identity. Each engagement is in one of both, by its key. */
export interface ReadPerson {
  /** Read from a head and the facts above it, or from all facts at once. */
  readonly engagements: ReadEngagements;
  /** Read from all facts, in pages. */
  readonly whole: Map<string, WholeEngagement>;
}

/** An identity about which there are no facts yet. */
export function nothingRead(): ReadPerson {
  return { engagements: new Map(), whole: new Map() };
}

/** How an identity stood before this transaction. */
interface Standing extends Pick<LockedIdentity, 'anew' | 'failureReviews'> {
  /** No fact has ever been stated. */
  readonly isNew: boolean;
}

export function lockedIdentity(
  current: CurrentIdentity,
  person: ReadPerson,
  blocks: Blocks,
  { isNew, ...standing }: Standing,
): LockedIdentity {
  const engagements = [...person.engagements.values()];
  const whole = [...person.whole.values()];
  return {
    current,
    known: () => ({
      engagements: [...engagements, ...whole].map((one) => one.known()),
      blocks,
      isNew,
    }),
    ...standing,
    isIntroduced: engagements.some(isIntroduced) || whole.some((one) => one.isIntroduced),
    hasHeads: engagements.some(({ checkpoint }) => headOf(checkpoint) !== undefined),
    readAgain: [
      ...engagements.filter(({ checkpoint }) => headOf(checkpoint) === undefined),
      ...whole,
    ].filter(({ checkpoint }) => checkpoint !== undefined),
    readBytes: () => readBytesOf(person),
    sizes: () => sizesOf(person),
  };
}

function isIntroduced({ facts, referred }: ReadEngagement): boolean {
  return (
    facts.some(({ kind }) => introduces(kind)) || referred.some(({ kind }) => introduces(kind))
  );
}

function readBytesOf({ engagements, whole }: ReadPerson): number {
  let sum = baseBytesOf(whole) + baseBytesOf(engagements);
  for (const { sizes } of whole.values()) for (const { bytes } of sizes) sum += bytes;
  for (const { checkpoint, facts, referred } of engagements.values()) {
    sum += bytesOfText(headOf(checkpoint)?.text ?? '');
    for (const { data } of facts) sum += bytesOfText(data);
    for (const { data } of referred) sum += bytesOfText(data);
  }
  return sum;
}

function sizesOf({ engagements, whole }: ReadPerson): ReadSizes {
  const heads = new Map<string, number>();
  const facts: FactSize[] = [...whole.values()].flatMap(({ sizes }) => sizes);
  const referred: FactSize[] = [];
  for (const read of engagements.values()) {
    const { source, engagement, checkpoint } = read;
    const head = headOf(checkpoint);
    if (head !== undefined) heads.set(engagementKey(source, engagement), bytesOfText(head.text));
    for (const row of read.facts) facts.push(sizeOf(row));
    for (const row of read.referred) referred.push(sizeOf(row));
  }
  return { heads, bases: baseBytesOf(whole) + baseBytesOf(engagements), facts, referred };
}

function baseBytesOf(
  engagements: ReadonlyMap<string, Pick<WholeEngagement, 'checkpoint'>>,
): number {
  let sum = 0;
  for (const { checkpoint } of engagements.values()) sum += bytesOfText(checkpoint?.base ?? '');
  return sum;
}
