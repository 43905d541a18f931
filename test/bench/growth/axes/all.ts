import type { GrowthAxis } from '../axis.ts';
import { backlog } from './backlog.ts';
import { duplicates } from './duplicates.ts';
import { events } from './events.ts';
import { factsMoved, factsStated } from './facts.ts';
import { hotKey } from './hot-key.ts';
import { identities } from './identities.ts';
import { inbox } from './inbox.ts';
import { inputPartitions, outputPartitions } from './partitions.ts';
import { payload } from './payload.ts';
import { poison } from './poison.ts';
import { reconcilers } from './reconcilers.ts';
import { snapshot } from './snapshot.ts';

export const GROWTH_AXES: readonly GrowthAxis[] = [
  events,
  identities,
  factsMoved,
  factsStated,
  inbox,
  backlog,
  duplicates,
  hotKey,
  poison,
  payload,
  inputPartitions,
  outputPartitions,
  reconcilers,
  snapshot,
];
