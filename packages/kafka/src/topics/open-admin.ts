import type { Admin, Kafka } from 'kafkajs';

/** A connected admin client; disposing disconnects it. */
export type TopicAdmin = Admin & AsyncDisposable;

/** Connects an admin client. Waits until a broker answers. Rejects if the brokers refuse our credentials. */
export async function openAdmin(kafka: Kafka): Promise<TopicAdmin> {
  const admin = kafka.admin();
  await admin.connect();
  return Object.assign(admin, { [Symbol.asyncDispose]: () => admin.disconnect() });
}

/** The id of the cluster; every cluster has its own. */
export async function readClusterId(admin: Admin): Promise<string> {
  return (await admin.describeCluster()).clusterId;
}
