import { createRequire } from 'node:module';

/** The version of kafkajs that the patches were written for. */
export const KAFKAJS_VERSION = '2.2.4';

/**
 * Loads a module from inside kafkajs. The caller declares what it exports.
 *
 * @throws Error when the installed version is not `KAFKAJS_VERSION`
 */
export function requirePinned(path: string): unknown {
  const require = createRequire(import.meta.url);
  const { version } = require('kafkajs/package.json') as { version: string };
  if (version !== KAFKAJS_VERSION) {
    throw new Error(
      `kafkajs ${version} is installed, but parts of it are replaced for ${KAFKAJS_VERSION}: compare the two, then change the pinned version`,
    );
  }
  return require(`kafkajs/${path}`);
}
