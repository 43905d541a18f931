/** What every broker of a stack is started with, wherever it runs; names as in Kafka's server.properties. */
export function brokerSettings(brokers: number): Readonly<Record<string, string>> {
  const replicas = String(brokers);
  const inSync = String(Math.min(2, brokers));
  return {
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'unclean.leader.election.enable': 'false',
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker is missed, and let in again, after this time; by default 9 s and 2 s.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '500',
    // A body of 1 MB must reach Latchkey, so that Latchkey refuses it and not the broker.
    'message.max.bytes': String(2 * 1024 * 1024),
    'log.retention.check.interval.ms': '300000',
  };
}
