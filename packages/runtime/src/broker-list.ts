import { isIPv6 } from 'node:net';

const MAX_COUNT = 100;
const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})$/;
const BRACKETED = /^\[(?<host>[^[\]]{0,100})\](?<rest>.*)$/;

/** The brokers of a comma separated list, as they are written but for blanks around them. */
export function brokersOf(text: string): string[] {
  return text.split(',').map((broker) => broker.trim());
}

/** What is wrong with a list of brokers, in words and without its text; undefined where it is in order. */
export function brokerListProblem(brokers: readonly string[]): string | undefined {
  if (brokers.length > MAX_COUNT) return `expected at most ${MAX_COUNT} brokers`;
  for (const [index, broker] of brokers.entries()) {
    const problem = problemOf(broker);
    if (problem !== undefined) return `expected host:port, but broker ${index + 1} ${problem}`;
  }
  return undefined;
}

function problemOf(broker: string): string | undefined {
  if (broker === '') return 'is empty';
  if (broker.startsWith('[')) return bracketedProblem(broker);
  const [host = '', port, ...more] = broker.split(':');
  if (broker.includes('://')) return 'has a protocol';
  if (more.length > 0) return 'has colons: put an IPv6 address into brackets, as in [::1]:9092';
  if (!HOST.test(host)) return 'has no host name or address before its port';
  return portProblem(port);
}

function bracketedProblem(broker: string): string | undefined {
  const { host, rest = '' } = BRACKETED.exec(broker)?.groups ?? {};
  if (host === undefined) return 'lacks the closing bracket, as in [::1]:9092';
  if (!isIPv6(host)) return 'has no IPv6 address between its brackets';
  if (rest !== '' && !rest.startsWith(':')) return 'lacks :port behind its bracket';
  return portProblem(rest === '' ? undefined : rest.slice(1));
}

function portProblem(port: string | undefined): string | undefined {
  if (port === undefined || port === '') return 'lacks its port, as in host:9092';
  const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  return isPort ? undefined : 'has a port that is not from 1 to 65535';
}
