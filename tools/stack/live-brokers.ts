import { silenceTimerWarnings } from '@latchkey/kafka';
import { Kafka, logLevel } from 'kafkajs';

const CONNECT_LIMIT_MS = 1_000;
const REQUEST_LIMIT_MS = 5_000;

/**
 * Returns the ids of the brokers that the one at `address` knows to be alive; none while it does not answer or has
 * no controller. Never rejects.
 */
export async function liveBrokers(address: string): Promise<number[]> {
  silenceTimerWarnings();
  const client = new Kafka({
    brokers: [address],
    connectionTimeout: CONNECT_LIMIT_MS,
    requestTimeout: REQUEST_LIMIT_MS,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const { brokers, controller } = await admin.describeCluster();
    return controller === null ? [] : brokers.map((broker) => broker.nodeId);
  } catch {
    return [];
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
