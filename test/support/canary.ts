import { employee, hrEvent, inDays, type SentEvent } from './events.ts';

/** Is in every personal or secret value, and must not appear in any log, metric or message. */
export const CANARY = 'c4nary';

/** Attributes of a person. */
export const PERSONAL = {
  givenName: `${CANARY}-given`,
  familyName: `${CANARY}-family`,
  email: `${CANARY}@example.com`,
  jobTitle: `${CANARY}-title`,
  location: `${CANARY}-place`,
  manager: `${CANARY}-manager`,
  undeclared: `${CANARY}-undeclared`,
};

/** A person who has started, with personal values only. */
export function createJoiner(
  person: string,
  changes: Partial<SentEvent> = {},
  more: object = {},
): SentEvent {
  const attributes = employee('Finance', { ...PERSONAL, ...more });
  const data = { startsAt: inDays(-9), attributes };
  return hrEvent('joined', `${CANARY}-${person}`, 1, data, changes);
}

/** An event with the same id and other content. */
export function createConflict(event: SentEvent): SentEvent {
  return { ...event, data: { ...(event.data as object), endsAt: inDays(300), note: CANARY } };
}
