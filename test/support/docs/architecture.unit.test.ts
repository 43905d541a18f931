import { existsSync, globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { listLinks, ROOT, readPage, resolveLink } from './pages.ts';

const PAGE = readPage('docs/architecture.md');

/** What the page answers to a question, with the paragraph that it points to. */
function answerTo(question: string): string {
  const row = PAGE.text.split('\n').find((line) => line.startsWith(`| ${question} |`));
  if (row === undefined) throw new Error(`docs/architecture.md does not answer: ${question}`);
  return row;
}

function paragraphOf(beginning: string): string {
  const found = PAGE.text.split(/\n\n/).find((text) => text.startsWith(`**${beginning}**`));
  if (found === undefined) throw new Error(`docs/architecture.md has no paragraph: ${beginning}`);
  return found;
}

function filesIn(text: string): readonly (string | undefined)[] {
  return listLinks(text).map((link) => resolveLink(PAGE.path, link));
}

/** Whether a file declares an exported name, also a type. */
function exportsName(path: string, name: string): boolean {
  const text = readFileSync(`${ROOT}${path}`, 'utf8');
  return new RegExp(
    `^export (?:async )?(?:function|const|type|interface|class) ${name}\\b`,
    'm',
  ).test(text);
}

const CLAIM = answerTo('Where is an event claimed?');
const MOVERS = answerTo('Where does a rule for movers go?');
const PATCHES = answerTo('Which files patch kafkajs?');
const PLATFORM = paragraphOf('A new platform');
const TARGET = paragraphOf('A new target');

test.each([
  ['claims', CLAIM, 'packages/intake/src/steps/claim.ts', 'claim'],
  ['claims', CLAIM, 'packages/postgres/src/inbox/claim-events.ts', 'claimEvents'],
  ['movers', MOVERS, 'packages/domain/src/record/periods.ts', 'foldPeriods'],
  ['movers', MOVERS, 'packages/domain/src/desired/entitlements.ts', 'deriveEntitlements'],
  ['movers', MOVERS, 'packages/domain/src/decisions/settle-account.ts', 'settleAccount'],
  ['movers', MOVERS, 'packages/domain/src/decisions/change-reason.ts', 'changeReason'],
  ['platforms', PLATFORM, 'packages/intake/src/request/process-request.ts', 'processRequest'],
  ['platforms', PLATFORM, 'packages/intake/src/steps/delivery.ts', 'Origin'],
  ['targets', TARGET, 'packages/contracts/src/effects/access.ts', 'accessDesired'],
  ['patches', PATCHES, 'packages/kafka/src/patches/install.ts', 'PATCHES'],
  ['patches', PATCHES, 'packages/kafka/src/patches/install.ts', 'installKafkajsPatches'],
])('the answer about %s links to a file that exports the name', (_, answer, path, name) => {
  expect(filesIn(answer)).toContain(path);
  expect(exportsName(path, name)).toBe(true);
});

test('the question about platforms and targets has its answer below the table', () => {
  expect(answerTo('Where will a new platform or target go?')).toContain('See below');
});

test('each patch of kafkajs is in the file of its name', () => {
  const install = readFileSync(`${ROOT}packages/kafka/src/patches/install.ts`, 'utf8');
  const names = [...install.matchAll(/^ {4}name: '([\w-]+)',$/gm)].map(([, name]) => name);

  expect(names.length).toBeGreaterThan(5);
  expect(
    names.filter((name) => !existsSync(`${ROOT}packages/kafka/src/patches/${name}.ts`)),
  ).toEqual([]);
});

test('only the statement of claims inserts into the inbox', () => {
  const files = globSync('packages/postgres/src/**/*.ts', { cwd: ROOT }).filter((path) => {
    const text = readFileSync(`${ROOT}${path}`, 'utf8');
    return /rowSpec\(\s*'inbox'|insert into inbox\b/.test(text);
  });

  expect(files).toContain('packages/postgres/src/inbox/claim-events.ts');
  expect(files.filter((path) => !path.startsWith('packages/postgres/src/inbox/'))).toEqual([]);
});

test('comments that refer to a section of the architecture refer to one that exists', () => {
  const sections = [...PAGE.text.matchAll(/^## (\d+)\. /gm)].map(([, number]) => number);
  const files = globSync('{packages,services,tools}/**/*.{ts,mjs}', {
    cwd: ROOT,
    exclude: (name) => name === 'node_modules',
  });
  const references = files.flatMap((path) =>
    [...readFileSync(`${ROOT}${path}`, 'utf8').matchAll(/\barchitecture §(\d+)/g)].map(
      ([, section]) => ({ path, section }),
    ),
  );

  expect(references.length).toBeGreaterThan(0);
  expect(references.filter(({ section }) => !sections.includes(section))).toEqual([]);
});
