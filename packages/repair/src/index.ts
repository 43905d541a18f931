export { type Rebased, type RebaseOptions, type RebaseResult, rebase } from './rebase/rebase.ts';
export { listOutputTopics, type OutputTopic, type Repair } from './repair.ts';
export { type RepartitionResult, repartition } from './repartition/repartition.ts';
export type { PlannedStart } from './replay/plan-starts.ts';
export {
  type RefusedTopic,
  type ReplayResult,
  type ReplayWanted,
  replay,
} from './replay/replay.ts';
export type { ReplayFrom } from './replay/replay-from.ts';
