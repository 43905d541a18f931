import { setImmediate } from 'node:timers/promises';
import { resolveMoment } from '@latchkey/contracts';

/**
 * Meets every time zone once, 0.1 to 0.3 ms each the first time: an event that names all of them takes its
 * reader 100 ms otherwise.
 */
export async function meetZones(): Promise<void> {
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    resolveMoment({ date: '2000-01-01', zone });
    // eslint-disable-next-line no-await-in-loop -- not all at once, which is the point
    await setImmediate();
  }
}
