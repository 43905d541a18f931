import { type Stack, StackUnavailable } from './stack.ts';

/**
 * The servers that DATABASE_URL and KAFKA_BROKERS name, or undefined where neither is set.
 * Disposing does not stop them.
 *
 * @throws StackUnavailable when only one of the two is set
 */
export function stackFromEnvironment(): Stack | undefined {
  const databaseUrl = process.env['DATABASE_URL'] ?? '';
  const brokers = (process.env['KAFKA_BROKERS'] ?? '').split(',').map((broker) => broker.trim());
  const named = brokers.filter((broker) => broker !== '');
  if (databaseUrl === '' && named.length === 0) return undefined;
  if (databaseUrl === '' || named.length === 0) {
    const missing = databaseUrl === '' ? 'DATABASE_URL' : 'KAFKA_BROKERS';
    throw new StackUnavailable(
      `STACK_UNAVAILABLE: ${missing} is not set. Set DATABASE_URL and KAFKA_BROKERS, or neither.`,
    );
  }
  return {
    kind: 'environment',
    databaseUrl,
    brokers: named,
    brokersForUsers: [],
    lost: new Promise(() => undefined),
    traces: undefined,
    ...withoutFaults('its servers come from the environment'),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Implements the faults of a stack that does not support any: each rejects. */
export function withoutFaults(
  why: string,
): Pick<
  Stack,
  | 'killBroker'
  | 'startBroker'
  | 'stopDatabase'
  | 'startDatabase'
  | 'copyDatabase'
  | 'restoreDatabase'
> {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new StackUnavailable(
        `This stack cannot be broken on purpose: ${why}. Open it with { local: true }.`,
      ),
    );
  return {
    killBroker: refuse,
    startBroker: refuse,
    stopDatabase: refuse,
    startDatabase: refuse,
    copyDatabase: refuse,
    restoreDatabase: refuse,
  };
}
