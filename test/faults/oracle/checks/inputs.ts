import { canonical } from '../canonical.ts';
import { countExpected } from '../ledger.ts';
import { type Check, findRepeated, selectCountingContents } from '../observations.ts';

/** Every sent event is claimed and stored unchanged, nothing else is, and every delivery is counted. */
export const lost: Check = (observed) => {
  const { ledger, evidence } = observed;
  const sent = ledger.contents();
  const claimed = new Set(evidence.inbox.map(({ eventId }) => eventId));
  const stored = new Set([...evidence.facts, ...evidence.callbacks].map(({ eventId }) => eventId));
  const received = evidence.progress.reduce((sum, row) => sum + row.received, 0);
  return [
    ...[...sent.keys()].filter((id) => !claimed.has(id)).map((id) => `${id} is not claimed`),
    ...[...claimed].filter((id) => !sent.has(id)).map((id) => `${id} is claimed and was not sent`),
    ...[...selectCountingContents(observed)]
      .filter(
        ([id, { refusedAs }]) => refusedAs === undefined && claimed.has(id) && !stored.has(id),
      )
      .map(([id]) => `${id} is claimed and not stored`),
    ...altered(observed),
    ...(received === ledger.deliveries()
      ? []
      : [`${ledger.deliveries()} were sent, ${received} are counted`]),
  ];
};

const altered: Check = ({ ledger, evidence }) => {
  const sent = ledger.contents();
  return [...evidence.facts, ...evidence.callbacks].flatMap(({ eventId, data }) => {
    const json = canonical(JSON.parse(data));
    const known = sent.get(eventId)?.some((content) => canonical(content.data) === json);
    return known === false ? [`${eventId} is stored with content that was not sent`] : [];
  });
};

/** Each event has one fact or one callback, and one audit entry. */
export const appliedTwice: Check = ({ evidence }) => {
  const stored = [...evidence.facts, ...evidence.callbacks].map(({ eventId }) => eventId);
  const decided = evidence.audit.flatMap(({ eventId }) => (eventId === null ? [] : [eventId]));
  return [
    ...findRepeated(stored).map((id) => `${id} is stored twice`),
    ...findRepeated(decided).map((id) => `${id} was decided twice`),
  ];
};

/** I22: the counts add up, each matches the ledger, and exactly the expected deliveries are dead letters. */
export const conservation: Check = (observed) => {
  const { evidence, ledger } = observed;
  const total = (name: keyof (typeof evidence.progress)[number]): number =>
    evidence.progress.reduce((sum, row) => sum + row[name], 0);
  const expected = countExpected(ledger, selectCountingContents(observed));
  const found = {
    received: total('received'),
    appliedOrStale: total('applied') + total('stale'),
    duplicate: total('duplicate'),
    conflict: total('conflict'),
    deadLetter: total('deadLetter'),
  };
  const names = ['appliedOrStale', 'duplicate', 'conflict', 'deadLetter'] as const;
  const sum = names.reduce((all, name) => all + found[name], 0);
  return [
    ...(sum === found.received ? [] : [`${found.received} received, ${sum} accounted for`]),
    ...names
      .filter((name) => found[name] !== expected[name])
      .map((name) => `${name}: ${found[name]} instead of ${expected[name]}`),
    ...deadLetters(observed),
  ];
};

const deadLetters: Check = (observed) => {
  const { ledger, evidence } = observed;
  const expected = new Map(ledger.refused());
  for (const [eventId, { refusedAs }] of selectCountingContents(observed)) {
    if (refusedAs !== undefined) expected.set(`${refusedAs} ${eventId}`, 1);
  }
  const found = new Map<string, number>();
  for (const { code, eventId, digest } of evidence.deadLetters) {
    const key = `${code} ${code === 'CONTRACT_BROKEN' ? eventId : digest}`;
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  return [...new Set([...expected.keys(), ...found.keys()])]
    .filter((key) => expected.get(key) !== found.get(key))
    .map((key) => `dead letters ${key}: ${found.get(key) ?? 0} of ${expected.get(key) ?? 0}`);
};
