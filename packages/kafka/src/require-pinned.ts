import { createRequire } from 'node:module';

const VERSION = '2.2.4';

/**
 * A module from inside kafkajs, some of whose functions are replaced; the caller says what it exports.
 *
 * @throws Error when another version is installed than the one that the replacements were written for
 */
export function requirePinned(path: string): unknown {
  const require = createRequire(import.meta.url);
  const { version } = require('kafkajs/package.json') as { version: string };
  if (version !== VERSION) {
    throw new Error(
      `kafkajs ${version} is installed, but parts of it are replaced for ${VERSION}: compare the two, then change the pinned version`,
    );
  }
  return require(`kafkajs/${path}`);
}
