export { acquireTopic, type KafkaAccess, transactionalIdOf } from './acquire-topic.ts';
export {
  anchorOf,
  checkAnchor,
  digestOf,
  isClaimed,
  type LaneAnchor,
  type LaneEvidence,
  positionOf,
  type Refusal,
  refusalOfInstallation,
  refusalOfLane,
  refusalOfTopic,
  type TopicEvidence,
  takenOver,
} from './anchor.ts';
export { withDeadline } from './deadline.ts';
export { gatherEvidence, type TopicFindings } from './evidence.ts';
export { holdTopic } from './hold-topic.ts';
export { commitPositions, type Publisher, RELAY_GROUP, sendPositions } from './positions.ts';
export {
  type PublishedRecord,
  readLastPublished,
  readPublishedTail,
  type TailTaking,
  type TailWanted,
} from './published-tail.ts';
