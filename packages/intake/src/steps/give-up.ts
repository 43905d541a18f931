import type { Read } from '@latchkey/contracts';

/** The cause of a dead letter where an operator has given the delivery up. */
export const GIVEN_UP_BY_OPERATOR = 'an operator has given it up with `progress accept --give-up`';

/**
 * Rejects an event: its delivery becomes a dead letter `APPLY_FAILED` with this cause, which claims the event's id. A
 * delivery that is rejected already keeps its own reason.
 */
export function givenUp(read: Read, cause: string): Read {
  if (read.kind === 'rejected') return read;
  const { eventId, fingerprint, timeMs, source, type } = read.event;
  return {
    kind: 'rejected',
    rejection: { code: 'APPLY_FAILED', field: undefined, cause },
    claim: { eventId, fingerprint, timeMs },
    eventId,
    source,
    type,
  };
}
