import type { ParsedEvent } from './parse-sent.ts';
import type { PersonFact } from './reference/person.ts';
import type { VerificationFact } from './reference/verification.ts';

/** The person that facts are about. */
export interface PersonKey {
  readonly source: string;
  readonly externalId: string;
}

/** Facts grouped by person: `data.person`, else the subject. */
export function groupByPerson(
  events: readonly ParsedEvent[],
): readonly { readonly key: PersonKey; readonly facts: readonly PersonFact[] }[] {
  const selected = events.filter(({ type }) => !type.startsWith('latchkey.verification.'));
  const groups = Map.groupBy(selected.filter(isValid), (event) => JSON.stringify(personOf(event)));
  return [...groups].map(([key, own]) => {
    const facts = own.map(({ eventId, source, type, order, data }) => {
      return { eventId, source, kind: kindOf(type), order, data } as unknown as PersonFact;
    });
    return { key: JSON.parse(key) as PersonKey, facts };
  });
}

/** Reports grouped by verification. */
export function groupByVerification(
  events: readonly ParsedEvent[],
): readonly { readonly id: string; readonly facts: readonly VerificationFact[] }[] {
  const selected = events.filter(({ type }) => type.startsWith('latchkey.verification.'));
  return [...Map.groupBy(selected.filter(isValid), ({ subject }) => subject)].map(([id, own]) => {
    const facts = own.map(({ eventId, type, data }) => {
      return { eventId, kind: kindOf(type), data } as unknown as VerificationFact;
    });
    return { id, facts };
  });
}

function isValid({ refusedAs }: ParsedEvent): boolean {
  return refusedAs === undefined;
}

function personOf({ source, subject, data }: ParsedEvent): PersonKey {
  const person = data['person'] as PersonKey | undefined;
  return { source: person?.source ?? source, externalId: person?.externalId ?? subject };
}

/** `joined` of `latchkey.workforce.joined.v1`. */
function kindOf(type: string): string {
  return type.split('.')[2] ?? '';
}
