import { dockerAnswers, openDockerStack } from './docker.ts';
import { stackFromEnvironment } from './environment.ts';
import { openLocalStack } from './local/open-local.ts';
import { type Stack, type StackOptions, StackUnavailable } from './stack.ts';

/**
 * Opens a real database and real brokers: those that DATABASE_URL and KAFKA_BROKERS name; else containers, if a
 * Docker daemon answers; else local processes. They are ready when it resolves.
 *
 * @throws StackUnavailable if none of the three is possible, with what to install
 */
export async function openStack(options: StackOptions = {}): Promise<Stack> {
  if (options.local !== true) {
    const given = stackFromEnvironment();
    if (given !== undefined) return given;
    if (await dockerAnswers()) return openDockerStack(options);
  }
  try {
    return await openLocalStack(options);
  } catch (error) {
    if (!(error instanceof StackUnavailable)) throw error;
    throw new StackUnavailable(
      [
        `STACK_UNAVAILABLE: no database and broker: ${error.message}.`,
        'One of these is needed:',
        '  - Docker, with a daemon that answers',
        '  - Java 17 or newer and Maven (Debian: apt-get install default-jre-headless maven)',
        '  - DATABASE_URL and KAFKA_BROKERS of servers that already run',
      ].join('\n'),
      { cause: error },
    );
  }
}
