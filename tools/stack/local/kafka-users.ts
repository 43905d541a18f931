import { networkInterfaces } from 'node:os';
import { freePorts } from './ports.ts';

/** True if this machine has the IPv6 loopback. */
export function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === '::1'),
  );
}

/** `host:port` of the listener for users of each broker. */
export async function listenersForUsers(count: number): Promise<readonly string[]> {
  const host = hasIpv6() ? '[::1]' : '127.0.0.1';
  return (await freePorts(count)).map((port) => `${host}:${port}`);
}

/** Additional settings with which a broker authenticates users and enforces their access rules. */
export function settingsForUsers(
  plain: string,
  controllerPort: number,
  forUsers: string,
  users: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const known = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  const listeners = [`PLAINTEXT://${plain}`, `SASL_PLAINTEXT://${forUsers}`];
  return {
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${controllerPort}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl_plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${known.join(' ')};`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // The brokers themselves, and clients without a user.
    'super.users': 'User:ANONYMOUS',
    'allow.everyone.if.no.acl.found': 'false',
  };
}
