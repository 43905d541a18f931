import type { OutputMessage } from '../../../support/output-reader.ts';
import { canonical, uuidOf } from '../canonical.ts';
import { type Check, findRepeated, objectOf } from '../observations.ts';

/** No id and no position is published twice. */
export const publishedTwice: Check = ({ messages }) => [
  ...findRepeated(messages.map(({ id }) => id)).map((id) => `message ${id} was read twice`),
  ...findRepeated(messages.map(placeOf)).map((place) => `${place} was read twice`),
];

/** Every published message equals a row of the outbox. */
export const ghost: Check = ({ messages, evidence }) => {
  const rows = new Map(evidence.outbox.map((row) => [row.ceId, row]));
  return messages.flatMap((message) => {
    const row = rows.get(message.id);
    if (row === undefined) return [`${placeOf(message)} is not in the outbox: ${message.id}`];
    const isSame =
      placeOf(message) === `${row.topic}/${row.partition} position ${row.position}` &&
      message.key === row.key &&
      canonical(message.data) === canonical(JSON.parse(row.payload));
    return isSame ? [] : [`${placeOf(message)} differs from the outbox: ${message.id}`];
  });
};

/** Every row of the outbox is published. */
export const unpublished: Check = ({ messages, evidence }) => {
  const read = new Set(messages.map(({ id }) => id));
  return evidence.outbox
    .filter(({ ceId }) => !read.has(ceId))
    .map(({ topic, partition, position }) => `${topic}/${partition} position ${position} not read`);
};

/** Positions of a partition are contiguous from 1, in the topic and in the outbox. */
export const gap: Check = ({ messages, evidence }) => [
  ...findGaps('read', messages),
  ...findGaps(
    'appended',
    evidence.outbox.map((row) => ({ ...row, position: BigInt(row.position) })),
  ),
];

type Placed = Pick<OutputMessage, 'topic' | 'partition' | 'position'>;

function findGaps(what: string, placed: readonly Placed[]): readonly string[] {
  const lanes = Map.groupBy(placed, ({ topic, partition }) => `${topic}/${partition}`);
  return [...lanes].flatMap(([lane, own]) => {
    const positions = new Set(own.map(({ position }) => position));
    const last = [...positions].reduce((high, position) => (position > high ? position : high), 0n);
    const missing = last - BigInt(positions.size);
    return missing === 0n ? [] : [`${lane}: ${missing} of ${last} positions not ${what}`];
  });
}

/** Positions never decrease in a partition, nor generations per object. */
export const inversion: Check = ({ messages }) => {
  const lanes = Map.groupBy(messages, ({ topic, partition }) => `${topic}/${partition}`);
  const objects = Map.groupBy(messages, (message) => `${message.topic} ${objectOf(message)}`);
  return [
    ...findDecreases(lanes, ({ position }) => position, 'position'),
    ...findDecreases(objects, ({ generation }) => generation, 'generation'),
  ];
};

function findDecreases(
  groups: ReadonlyMap<string, readonly OutputMessage[]>,
  numberOf: (message: OutputMessage) => bigint,
  name: string,
): readonly string[] {
  return [...groups].flatMap(([group, own]) =>
    own.flatMap((message, at) => {
      const before = own[at - 1];
      const falls = before !== undefined && numberOf(message) < numberOf(before);
      return falls ? [`${group}: ${name} ${numberOf(message)} after ${numberOf(before)}`] : [];
    }),
  );
}

/**
 * Each object has one message per type and generation, contiguous from 1 and in one partition, whose data repeat the
 * generation. Data of reviews do not contain it.
 */
export const generation: Check = ({ messages }) => {
  const objects = Map.groupBy(messages, (message) => `${message.type} ${objectOf(message)}`);
  return [...objects].flatMap(([object, own]) => {
    const counted = new Set(own.map((message) => message.generation));
    const last = [...counted].reduce((high, one) => (one > high ? one : high), 0n);
    const partitions = new Set(own.map(({ partition }) => partition));
    const repeating = own.filter(({ topic }) => topic !== 'reviews');
    const wrong = repeating.filter(
      (one) => Number(one.generation) !== (one.data['generation'] ?? 1),
    );
    return [
      ...(last === BigInt(counted.size)
        ? []
        : [`${object}: ${counted.size} of ${last} generations`]),
      ...(partitions.size === 1 ? [] : [`${object}: in ${partitions.size} partitions`]),
      ...wrong.map((one) => `${object}: generation ${one.generation} differs in the data`),
    ];
  });
};

/** Ids are derived as the contracts define, so that a second run would publish the same ones. */
export const effectId: Check = ({ messages }) =>
  messages
    .filter((one) => one.id !== uuidOf(one.type, objectOf(one), one.generation.toString()))
    .map((message) => `${placeOf(message)} has an underived id: ${message.id}`);

function placeOf({ topic, partition, position }: OutputMessage): string {
  return `${topic}/${partition} position ${position}`;
}
