const BRACKETED = /^\[(?<host>[^\]]+)\]:(?<port>\d+)$/;

/**
 * A broker's address for kafkajs, which splits `host:port` at the first colon: an IPv6 address is encoded, and `hostOf`
 * decodes it.
 *
 * @param address - `host:port`, an IPv6 address in brackets
 */
export function addressForKafkajs(address: string): string {
  const { host, port } = BRACKETED.exec(address)?.groups ?? {};
  return host === undefined ? address : `${encodeURIComponent(host)}:${port ?? ''}`;
}

/** The host to connect to. Hosts from the brokers' metadata are returned unchanged. */
export function hostOf(host: string): string {
  // No name or address contains an encoded colon.
  return host.includes('%3A') ? decodeURIComponent(host) : host;
}
