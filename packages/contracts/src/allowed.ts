import { type Envelope } from './envelope.ts';
import { type EventType } from './events/event.ts';
import { topicOf } from './events/family.ts';
import { person } from './events/fields.ts';
import { type Rejection } from './rejection.ts';
import { type RegisteredSource, type SourceRegistry } from './sources.ts';
import { type InputTopic } from './topics.ts';

/** What arrived, as far as it matters for who may send it. */
export interface Arrival {
  readonly envelope: Envelope;
  readonly type: EventType;
  readonly data: unknown;
  readonly topic: InputTopic;
}

/** The registered source of an arrival, or why it may not send it: on this topic, of this type, about this person. */
export function allowSource(
  arrival: Arrival,
  sources: SourceRegistry,
): RegisteredSource | Rejection {
  const { envelope, type, topic } = arrival;
  const source = sources.get(envelope.source);
  if (source === undefined) return notAllowed('source', 'a source that the policy registers');
  if (!source.topics.includes(topic)) {
    return notAllowed('source', `a source that the policy registers for the topic ${topic}`);
  }
  if (topicOf(type) !== topic)
    return notAllowed('type', `a type that belongs on the topic ${topic}`);
  if (!source.types.some((allowed) => covers(allowed, type))) {
    return notAllowed('type', 'a type that the policy lets this source send');
  }
  return refusePerson(arrival, source, sources) ?? source;
}

function covers(allowed: string, type: EventType): boolean {
  return allowed.endsWith('.*') ? type.startsWith(allowed.slice(0, -1)) : allowed === type;
}

/** A `person` that breaks the contract is left to the contract. */
function refusePerson(
  { envelope, type, data }: Arrival,
  source: RegisteredSource,
  sources: SourceRegistry,
): Rejection | undefined {
  if (!type.startsWith('latchkey.person.')) return undefined;
  const named = person.safeParse(
    (data as { readonly person?: unknown } | null | undefined)?.person,
  );
  if (!named.success) return undefined;
  const isOwnSubject =
    named.data.source === envelope.source && named.data.externalId === envelope.subject;
  if (!isOwnSubject && !source.aboutAnybody) {
    return notAllowed('data.person', "this source's own subject");
  }
  // A block without a person has no effect, but would look like a success.
  if (!sources.has(named.data.source)) {
    return notAllowed('data.person.source', 'a source that the policy registers');
  }
  return undefined;
}

function notAllowed(field: string, cause: string): Rejection {
  return { code: 'SOURCE_NOT_ALLOWED', field, cause };
}
