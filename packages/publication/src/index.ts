export { acquireTopic, type KafkaAccess } from './acquire-topic.ts';
export {
  anchorOf,
  checkAnchor,
  checkInstallation,
  checkLane,
  checkTopic,
  digestOf,
  isClaimed,
  type LaneAnchor,
  type LaneEvidence,
  positionOf,
  type Refusal,
  type TopicEvidence,
  treatAsOwn,
} from './anchor.ts';
export { withDeadline } from './deadline.ts';
export { gatherEvidence, type TopicFindings } from './evidence.ts';
export { withTopicLock } from './lock-topic.ts';
export { commitPositions, type Publisher, RELAY_GROUP, sendPositions } from './positions.ts';
export {
  type PublishedRecord,
  readLastPublished,
  readPublishedTail,
  type TailReader,
  type TailWanted,
} from './published-tail.ts';
