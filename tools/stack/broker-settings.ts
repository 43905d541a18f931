/** Settings of every broker of every kind of stack; names as in Kafka's server.properties. */
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
    // How soon a killed broker is noticed, and admitted again; 9 s and 2 s by default.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '500',
    // A body of 1 MB must reach Latchkey, which refuses it; the broker must not.
    'message.max.bytes': String(2 * 1024 * 1024),
    'log.retention.check.interval.ms': '300000',
  };
}
