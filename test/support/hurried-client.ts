import type { Client } from 'pg';
import { wrappedClient } from './wrapped-client.ts';

/**
 * Connections like pg's own whose transactions have less time.
 *
 * @param setting - as in `set`. A transaction's time runs from its first statement on, so that its limit must be set before.
 */
export function hurriedClient(setting: string): typeof Client {
  return wrappedClient((query) => (config, values) => {
    const isBegin = typeof config === 'string' && config.startsWith('begin');
    if (isBegin) query(`set ${setting}`).catch(() => undefined);
    return query(config, values);
  });
}
