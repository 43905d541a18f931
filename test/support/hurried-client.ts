import type { Client } from 'pg';
import { wrappedClient } from './wrapped-client.ts';

/**
 * Connections like pg's own whose transactions have less time.
 *
 * @param settings - as in `set local`
 */
export function hurriedClient(settings: string): typeof Client {
  return wrappedClient((query) => (config, values) => {
    const isBegin = typeof config === 'string' && config.startsWith('begin');
    return query(isBegin ? `${config}; set local ${settings}` : config, values);
  });
}
