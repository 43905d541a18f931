import type { SaidEvent } from './read-sent.ts';
import type { PersonFact } from './reference/person.ts';
import type { VerificationFact } from './reference/verification.ts';

/** Whom facts are about. */
export interface PersonKey {
  readonly source: string;
  readonly externalId: string;
}

/** Facts by the person that they are about: `data.person`, else the subject. */
export function personsOf(
  events: readonly SaidEvent[],
): readonly { readonly key: PersonKey; readonly facts: readonly PersonFact[] }[] {
  const own = events.filter(({ type }) => !type.startsWith('latchkey.verification.'));
  const groups = Map.groupBy(own.filter(isTold), (event) => JSON.stringify(personOf(event)));
  return [...groups].map(([key, said]) => {
    const facts = said.map(({ eventId, source, type, order, data }) => {
      return { eventId, source, kind: kindOf(type), order, data } as unknown as PersonFact;
    });
    return { key: JSON.parse(key) as PersonKey, facts };
  });
}

/** Reports by verification. */
export function verificationsOf(
  events: readonly SaidEvent[],
): readonly { readonly id: string; readonly facts: readonly VerificationFact[] }[] {
  const own = events.filter(({ type }) => type.startsWith('latchkey.verification.'));
  return [...Map.groupBy(own.filter(isTold), ({ subject }) => subject)].map(([id, said]) => {
    const facts = said.map(({ eventId, type, data }) => {
      return { eventId, kind: kindOf(type), data } as unknown as VerificationFact;
    });
    return { id, facts };
  });
}

function isTold({ refusedAs }: SaidEvent): boolean {
  return refusedAs === undefined;
}

function personOf({ source, subject, data }: SaidEvent): PersonKey {
  const person = data['person'] as PersonKey | undefined;
  return { source: person?.source ?? source, externalId: person?.externalId ?? subject };
}

/** `joined` of `latchkey.workforce.joined.v1`. */
function kindOf(type: string): string {
  return type.split('.')[2] ?? '';
}
