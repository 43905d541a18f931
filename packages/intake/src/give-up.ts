import type { Read } from '@latchkey/contracts';

/** The cause of a dead letter that an operator has made of a delivery. */
export const GIVEN_UP_BY_OPERATOR = 'an operator has given it up with `progress accept --give-up`';

/**
 * What a delivery says, as a reason for a dead letter `APPLY_FAILED` with this cause, which claims the event's id. What
 * is rejected anyway keeps its own reason.
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
