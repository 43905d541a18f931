import { HR, type SentEvent } from '../../../support/events.ts';
import { factEvent } from '../../workload/facts.ts';

const NO_END = 99;

/** The start of a person's first engagement. */
export function createJoiner(externalId: string): SentEvent {
  const draft = { kind: 'joined', engagement: 0, at: 1, until: NO_END, detail: 0 } as const;
  return factEvent({ source: HR, externalId }, 1, draft);
}
