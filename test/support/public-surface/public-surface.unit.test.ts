import { expect, test } from 'vitest';
import { drawSurface } from './draw.ts';
import { schemaMembers } from './schema-members.ts';
import { compareSurfaces, readSurface } from './surface.ts';

const difference = compareSurfaces(await readSurface(), await drawSurface());

test('nothing that others rely on was removed or changed', () => {
  // A breaking change that is meant: `npm run surface -- --breaking`, and an entry in the changelog.
  expect({ removed: difference.removed, changed: difference.changed }).toEqual({
    removed: [],
    changed: [],
  });
});

test('what is new is on the list', () => {
  // `npm run surface` adds it.
  expect(difference.added).toEqual([]);
});

test('each kind of entry was found', async () => {
  const counts = Object.entries(await drawSurface()).map(
    ([kind, entries]) => [kind, Object.keys(entries).length > 10] as const,
  );
  expect(Object.fromEntries(counts)).toEqual({
    contracts: true,
    topics: true,
    settings: true,
    metrics: true,
    columns: true,
    commands: true,
    failures: true,
  });
});

test('a removed, a changed and a new entry are told apart', () => {
  const listed = { metrics: { a: 'counter', b: 'gauge topic' } };
  const found = { metrics: { b: 'gauge', c: 'counter' }, columns: { 'd.e': 'string' } };
  expect(compareSurfaces(listed, found)).toEqual({
    removed: ['metrics: a: counter'],
    changed: ['metrics: b: was gauge topic, is gauge'],
    added: ['metrics: c: counter', 'columns: d.e: string'],
  });
});

test('a further kind of a union is a new entry, and changes none', () => {
  const kind = (name: string) => ({ properties: { kind: { const: name } }, required: ['kind'] });
  const entriesOf = (...names: readonly string[]) => ({
    contracts: Object.fromEntries(schemaMembers({ oneOf: names.map(kind) }, 'decision')),
  });
  expect(
    compareSurfaces(entriesOf('fact', 'report'), entriesOf('fact', 'opened', 'report')),
  ).toEqual({
    removed: [],
    changed: [],
    added: [
      'contracts: decision|opened: alternative',
      'contracts: decision|opened.kind: required const=opened',
    ],
  });
});
