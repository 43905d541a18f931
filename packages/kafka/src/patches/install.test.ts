import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openKafka } from '../connection/open-kafka.ts';
import { installKafkajsPatches, PATCHES } from './install.ts';
import { requirePinned } from './require-pinned.ts';

const ignore = (): void => undefined;
const SETTINGS = { brokers: ['127.0.0.1:1'], clientId: 'test', ssl: false, sasl: undefined };

function open() {
  return openKafka(SETTINGS, { debug: ignore, info: ignore, warn: ignore, error: ignore });
}

test('a client opens only after the patches are installed', () => {
  expect(open).toThrow('kafkajs is not patched (replace-decoder, ');
  installKafkajsPatches(PATCHES.slice(1).map(({ name }) => name));
  expect(open).toThrow('kafkajs is not patched (replace-decoder)');
  installKafkajsPatches();
  expect(open).not.toThrow();
});

test('a patch that is installed is not installed again', () => {
  const queue = requirePinned('src/network/requestQueue/index.js') as {
    readonly prototype: { readonly scheduleCheckPendingRequests: unknown };
  };
  installKafkajsPatches();
  const installed = queue.prototype.scheduleCheckPendingRequests;
  installKafkajsPatches();
  expect(queue.prototype.scheduleCheckPendingRequests).toBe(installed);
});

test('every file beside install.ts is listed as a patch', () => {
  const files = readdirSync(import.meta.dirname)
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => file.replace('.ts', ''));
  const others = new Set(['install', 'require-pinned']);
  const names = files.filter((file) => !others.has(file));
  expect(PATCHES.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
});
