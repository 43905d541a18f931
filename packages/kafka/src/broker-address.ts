const BRACKETED = /^\[(?<host>[^\]]+)\]:(?<port>\d+)$/;

/**
 * A broker's address as kafkajs can take it: it cuts `host:port` at the first colon, and an IPv6 address has several.
 * `hostOf` gives the host back.
 *
 * @param address - `host:port`, an IPv6 address in brackets
 */
export function addressForKafkajs(address: string): string {
  const { host, port } = BRACKETED.exec(address)?.groups ?? {};
  return host === undefined ? address : `${encodeURIComponent(host)}:${port ?? ''}`;
}

/** The host to connect to. Hosts that brokers told of pass through. */
export function hostOf(host: string): string {
  // Neither names nor addresses hold what `encodeURIComponent` makes of a colon.
  return host.includes('%3A') ? decodeURIComponent(host) : host;
}
