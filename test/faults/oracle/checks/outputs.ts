import type { OutputMessage } from '../../../support/output-reader.ts';
import { canonical, uuidOf } from '../canonical.ts';
import { type Check, objectOf, repeatedIn } from '../seen.ts';

/** No message is there twice, neither by its id nor by its place in its lane. */
export const publishedTwice: Check = ({ messages }) => [
  ...repeatedIn(messages.map(({ id }) => id)).map((id) => `message ${id} was read twice`),
  ...repeatedIn(messages.map(placeOf)).map((place) => `${place} was read twice`),
];

/** What was published is what a committed transaction appended. */
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

/** Everything that was appended can be read. */
export const unpublished: Check = ({ messages, evidence }) => {
  const read = new Set(messages.map(({ id }) => id));
  return evidence.outbox
    .filter(({ ceId }) => !read.has(ceId))
    .map(({ topic, partition, position }) => `${topic}/${partition} position ${position} not read`);
};

/** Positions of a partition are those from 1 to its last, in the topic and in the outbox. */
export const gap: Check = ({ messages, evidence }) => [
  ...gapsIn('read', messages),
  ...gapsIn(
    'appended',
    evidence.outbox.map((row) => ({ ...row, position: BigInt(row.position) })),
  ),
];

type Placed = Pick<OutputMessage, 'topic' | 'partition' | 'position'>;

function gapsIn(what: string, placed: readonly Placed[]): readonly string[] {
  const lanes = Map.groupBy(placed, ({ topic, partition }) => `${topic}/${partition}`);
  return [...lanes].flatMap(([lane, own]) => {
    const positions = new Set(own.map(({ position }) => position));
    const last = [...positions].reduce((high, position) => (position > high ? position : high), 0n);
    const missing = last - BigInt(positions.size);
    return missing === 0n ? [] : [`${lane}: ${missing} of ${last} positions not ${what}`];
  });
}

/** In a partition positions rise, and so do the generations of every object. */
export const inversion: Check = ({ messages }) => {
  const lanes = Map.groupBy(messages, ({ topic, partition }) => `${topic}/${partition}`);
  const objects = Map.groupBy(messages, (message) => `${message.topic} ${objectOf(message)}`);
  return [
    ...fallsIn(lanes, ({ position }) => position, 'position'),
    ...fallsIn(objects, ({ generation }) => generation, 'generation'),
  ];
};

function fallsIn(
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
 * Each object has one message of a type for each generation from 1 to its last, in one partition, that says so itself.
 * Reviews, which may be opened again, do not say it.
 */
export const generation: Check = ({ messages }) => {
  const objects = Map.groupBy(messages, (message) => `${message.type} ${objectOf(message)}`);
  return [...objects].flatMap(([object, own]) => {
    const counted = new Set(own.map((message) => message.generation));
    const last = [...counted].reduce((high, one) => (one > high ? one : high), 0n);
    const partitions = new Set(own.map(({ partition }) => partition));
    const saying = own.filter(({ topic }) => topic !== 'reviews');
    const said = saying.filter((one) => Number(one.generation) !== (one.data['generation'] ?? 1));
    return [
      ...(last === BigInt(counted.size) ? [] : [`${object}: ${counted.size} of ${last} there`]),
      ...(partitions.size === 1 ? [] : [`${object}: in ${partitions.size} partitions`]),
      ...said.map((one) => `${object}: generation ${one.generation} says another one`),
    ];
  });
};

/** Ids are those that the contracts derive: a second run would publish the same ones. */
export const effectId: Check = ({ messages }) =>
  messages
    .filter((one) => one.id !== uuidOf(one.type, objectOf(one), one.generation.toString()))
    .map((message) => `${placeOf(message)} has an id that is not derived: ${message.id}`);

function placeOf({ topic, partition, position }: OutputMessage): string {
  return `${topic}/${partition} position ${position}`;
}
