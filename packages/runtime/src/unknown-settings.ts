import type { Environment } from './read-settings.ts';
import { settingDocs } from './setting-docs.ts';
import {
  commonSettings,
  databaseSettings,
  inputTopicSettings,
  kafkaSettings,
  outputTopicSettings,
  policySettings,
} from './settings.ts';

/** A variable that a process ignores although it looks like one of its settings. Never contains its value. */
export interface UnknownSetting {
  readonly name: string;
  /** The setting that is perhaps meant. */
  readonly meant: string | undefined;
}

type Shape = Parameters<typeof settingDocs>[0];

/** What several services have: one environment may serve all of them. */
const SHARED = {
  ...commonSettings,
  ...databaseSettings,
  ...kafkaSettings,
  ...policySettings,
  ...inputTopicSettings,
  ...outputTopicSettings,
};

/** Names that begin so are meant for us. Not all of `KAFKA_`: Kubernetes makes such names for a service called kafka. */
const OURS = /^(?:TOPIC_|OUTPUT_PARTITION|KAFKA_(?:SASL|SSL|TLS|USER|PASS|BROKER|BOOTSTRAP))/;
/** Letters that were forgotten, added or mistaken. */
const MAX_DISTANCE = 2;
/** Short names are near to too much. */
const SHORT_CHARACTERS = 8;
const MAX_NAME_CHARACTERS = 64;
const MAX_FOUND = 20;

/**
 * Variables that are set, are no setting, and are spelled nearly like one, or begin as ours do, or
 * name a file for a setting that is read from none. Sorted, at most 20.
 */
export function unknownSettings(shape: Shape, environment: Environment): readonly UnknownSetting[] {
  const docs = settingDocs({ ...SHARED, ...shape });
  const known = new Set(
    docs.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])),
  );
  return Object.keys(environment)
    .filter((name) => !known.has(name) && (environment[name] ?? '') !== '')
    .filter((name) => name.length <= MAX_NAME_CHARACTERS)
    .sort()
    .flatMap((name): UnknownSetting[] => {
      const meant = nearest(name, known);
      return meant === undefined && !OURS.test(name) ? [] : [{ name, meant }];
    })
    .slice(0, MAX_FOUND);
}

function nearest(name: string, known: ReadonlySet<string>): string | undefined {
  if (name.endsWith('_FILE') && known.has(name.slice(0, -'_FILE'.length))) {
    return name.slice(0, -'_FILE'.length);
  }
  const most = name.length < SHORT_CHARACTERS ? 1 : MAX_DISTANCE;
  const upper = name.toUpperCase().replaceAll('-', '_');
  const distances = [...known].map((one) => [distance(upper, one), one] as const);
  const [least] = distances.toSorted(([one], [other]) => one - other);
  return least !== undefined && least[0] <= most ? least[1] : undefined;
}

/** Levenshtein's: how many characters have to be inserted, deleted or replaced. */
function distance(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const below = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const replaced = (above[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      below.push(Math.min(replaced, (above[column] ?? 0) + 1, (below[column - 1] ?? 0) + 1));
    }
    above = below;
  }
  return above[other.length] ?? 0;
}
