import { canonical } from '../canonical.ts';
import { expectedCounts } from '../ledger.ts';
import { type Check, countingContents, repeatedIn } from '../seen.ts';

/** Every event that was sent is claimed and kept as it was sent; nothing else is; every delivery is counted. */
export const lost: Check = (seen) => {
  const { ledger, evidence } = seen;
  const sent = ledger.contents();
  const claimed = new Set(evidence.inbox.map(({ eventId }) => eventId));
  const kept = new Set([...evidence.facts, ...evidence.callbacks].map(({ eventId }) => eventId));
  const received = evidence.progress.reduce((sum, row) => sum + row.received, 0);
  return [
    ...[...sent.keys()].filter((id) => !claimed.has(id)).map((id) => `${id} is not claimed`),
    ...[...claimed].filter((id) => !sent.has(id)).map((id) => `${id} is claimed and was not sent`),
    ...[...countingContents(seen)]
      .filter(([id, { refusedAs }]) => refusedAs === undefined && claimed.has(id) && !kept.has(id))
      .map(([id]) => `${id} is claimed and not kept`),
    ...alteredIn(seen),
    ...(received === ledger.deliveries()
      ? []
      : [`${ledger.deliveries()} were sent, ${received} are counted`]),
  ];
};

const alteredIn: Check = ({ ledger, evidence }) => {
  const sent = ledger.contents();
  return [...evidence.facts, ...evidence.callbacks].flatMap(({ eventId, data }) => {
    const said = canonical(JSON.parse(data));
    const known = sent.get(eventId)?.some((content) => canonical(content.data) === said);
    return known === false ? [`${eventId} is kept with a content that nobody sent`] : [];
  });
};

/** An event is one fact or one callback, and has one audit entry. */
export const appliedTwice: Check = ({ evidence }) => {
  const kept = [...evidence.facts, ...evidence.callbacks].map(({ eventId }) => eventId);
  const decided = evidence.audit.flatMap(({ eventId }) => (eventId === null ? [] : [eventId]));
  return [
    ...repeatedIn(kept).map((id) => `${id} is kept twice`),
    ...repeatedIn(decided).map((id) => `${id} was decided twice`),
  ];
};

/** I22, and each kind is as large as what was sent asks for; the right deliveries are dead letters. */
export const conservation: Check = (seen) => {
  const { evidence, ledger } = seen;
  const total = (name: keyof (typeof evidence.progress)[number]): number =>
    evidence.progress.reduce((sum, row) => sum + row[name], 0);
  const expected = expectedCounts(ledger, countingContents(seen));
  const found = {
    received: total('received'),
    told: total('applied') + total('stale'),
    duplicate: total('duplicate'),
    conflict: total('conflict'),
    deadLetter: total('deadLetter'),
  };
  const names = ['told', 'duplicate', 'conflict', 'deadLetter'] as const;
  const sum = names.reduce((all, name) => all + found[name], 0);
  return [
    ...(sum === found.received ? [] : [`${found.received} received, ${sum} accounted for`]),
    ...names
      .filter((name) => found[name] !== expected[name])
      .map((name) => `${name}: ${found[name]} instead of ${expected[name]}`),
    ...deadLetters(seen),
  ];
};

const deadLetters: Check = (seen) => {
  const { ledger, evidence } = seen;
  const expected = new Map(ledger.refused());
  for (const [eventId, { refusedAs }] of countingContents(seen)) {
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
