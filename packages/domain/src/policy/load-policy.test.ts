import { readFileSync } from 'node:fs';
import { Failure } from '@latchkey/contracts';
import { describe, expect, it } from 'vitest';
import { EXAMPLE_POLICY_URL, loadPolicy } from './load-policy.ts';

const example = readFileSync(EXAMPLE_POLICY_URL, 'utf8');

/** The problems of a policy; none if it is accepted. */
function problemsOf(yaml: string): readonly string[] {
  try {
    loadPolicy(yaml);
    return [];
  } catch (error) {
    if (error instanceof Failure) return error.details['problems'] as readonly string[];
    throw error;
  }
}

/** The example with one text replaced, which must occur. */
function exampleWith(old: string, replacement: string): string {
  expect(example).toContain(old);
  return example.replace(old, replacement);
}

/** The number of the line that contains `text`, from 1. */
function lineOf(yaml: string, text: string): number {
  return yaml.slice(0, yaml.indexOf(text)).split('\n').length;
}

it('is equal in each normal form of its text', () => {
  const policy = exampleWith('department == "Finance"', 'department == "Qualität"');
  const [composed, decomposed] = [policy.normalize('NFC'), policy.normalize('NFD')];
  expect(composed).not.toBe(decomposed);
  expect(loadPolicy(composed).hash).toBe(loadPolicy(decomposed).hash);
});

describe('the example policy', () => {
  const policy = loadPolicy(example);

  it('gives rules to their targets with conditions over declared attributes', () => {
    expect(policy.targets.map(({ name, rules }) => [name, rules.map((rule) => rule.name)])).toEqual(
      [
        ['directory', ['everyone']],
        ['finance', ['ledger-post', 'ledger-read']],
        ['mail', ['mailbox']],
      ],
    );
    expect(policy.rules.get('everyone')?.condition).toBeUndefined();
    expect(policy.rules.get('ledger-post')?.condition?.text).toBe(
      'department == "Finance" && jobTitle == "Controller"',
    );
    expect(policy.entitlements.get('ledger-post')?.risk).toBe('high');
  });

  it('registers its sources', () => {
    expect([...policy.sources.values()].map(({ source, order }) => [source, order])).toEqual([
      ['urn:example:contractors', 'modified'],
      ['urn:example:hr', 'revision'],
      ['urn:example:ivr', 'modified'],
      ['urn:example:security', 'modified'],
    ]);
    expect(policy.sources.get('urn:example:security')?.aboutAnybody).toBe(true);
    expect(policy.attributesBySource.get('urn:example:hr')?.size).toBe(8);
    expect(policy.attributesBySource.get('urn:example:security')?.size).toBe(0);
  });

  it('has the durations of the contract', () => {
    expect(policy.targetsByName.get('mail')?.deleteAfterMs).toBe(30 * 86_400_000);
    expect(policy.targetsByName.get('finance')?.deleteAfterMs).toBe(90 * 86_400_000);
    expect(policy.gapToleranceMs).toBe(0);
    expect(policy.verification).toMatchObject({
      maxFailures: 3,
      failureWindowMs: 86_400_000,
      validityMs: 600_000,
      graceMs: 120_000,
      parkedMs: 600_000,
    });
    expect(policy.verification.purposes.get('transfer-approval')?.factors).toEqual([
      'pin',
      'voice',
    ]);
    expect(policy.verification.purposes.get('callback')?.factors).toEqual([]);
  });
});

describe('hashes', () => {
  const policy = loadPolicy(example);
  const hashOf = (yaml: string) => loadPolicy(yaml).rules.get('mailbox')?.hash;

  it('ignore comments and formatting', () => {
    expect(loadPolicy(`# another comment\n${example.replaceAll('{ ', '{  ')}`).hash).toBe(
      policy.hash,
    );
  });

  it('name any change of the content', () => {
    expect(loadPolicy(exampleWith('PT10M', 'PT11M')).hash).not.toBe(policy.hash);
  });

  it('of a rule change with its condition, not with its owner', () => {
    expect(hashOf(exampleWith('"contractor"', '"guest"'))).not.toBe(hashOf(example));
    const reowned = example.replaceAll('mail-team@example.com', 'post@example.com');
    expect(hashOf(reowned)).toBe(hashOf(example));
    expect(loadPolicy(reowned).hash).not.toBe(policy.hash);
  });
});

describe('a policy is refused, naming line and place', () => {
  it.each<[what: string, old: string, replacement: string, expected: string]>([
    [
      'unknown key',
      '    owner: mail-team',
      '    ownr: x\n    owner: mail-team',
      'rules.mailbox.ownr: expected no such key',
    ],
    [
      'top-level key',
      'verification:',
      'breakers: {}\nverification:',
      'breakers: expected no such key',
    ],
    ['duplicate name', '  mail: {', '  directory: {', 'Map keys must be unique'],
    [
      'undeclared attribute',
      'when: department == "Finance"\n',
      'when: departmnt == "Finance"\n',
      '"departmnt" is not declared',
    ],
    [
      'CEL syntax',
      'when: department == "Finance"\n',
      'when: department = "Finance"\n',
      'rules.ledger-read.when: expected a CEL expression',
    ],
    [
      'CEL type',
      'when: department == "Finance"\n',
      'when: department == 3\n',
      'no such overload: string == int',
    ],
    ['no boolean', 'when: department == "Finance"\n', 'when: department\n', 'it is string'],
    [
      'regular expression',
      'when: department == "Finance"\n',
      'when: department.matches("F+")\n',
      '"matches" is not one of them',
    ],
    [
      'unknown target of a rule',
      'target: mail\n',
      'target: post\n',
      'rules.mailbox.target: expected one of the targets that are declared: "post" is none',
    ],
    [
      'unknown target of an entitlement',
      'target: finance, risk: low',
      'target: finanz, risk: low',
      'entitlements.ledger-read.target',
    ],
    [
      'unknown entitlement',
      'entitlements: [mailbox]',
      'entitlements: [mailbx]',
      'rules.mailbox.entitlements.0',
    ],
    [
      'entitlement of another target',
      'entitlements: [mailbox]',
      'entitlements: [everyone]',
      'expected entitlements of mail: "everyone" is one of directory',
    ],
    [
      'duration',
      'deleteAfter: P30D',
      'deleteAfter: 30 days',
      'targets.mail.deleteAfter: expected an ISO 8601 duration',
    ],
    [
      'duration without fixed length',
      'deleteAfter: P30D',
      'deleteAfter: P1M',
      'months and years have no fixed length',
    ],
    [
      'order',
      'order: revision',
      'order: newest',
      'sources.urn:example:hr.order: expected revision or modified',
    ],
    [
      'topic',
      'topics: [verification-events]',
      'topics: [ivr]',
      'sources.urn:example:ivr.topics.0: expected workforce-events or verification-events',
    ],
    [
      'type',
      'types: [latchkey.verification.*]',
      'types: [latchkey.verifcation.*]',
      'sources.urn:example:ivr.types.0: expected a type such as',
    ],
    [
      'type of another topic',
      'types: [latchkey.verification.*]',
      'types: [latchkey.person.*]',
      'expected types that belong on verification-events',
    ],
    [
      'power without use',
      'types: [latchkey.person.*]\n',
      'types: [latchkey.workforce.*]\n',
      'sources.urn:example:security.aboutAnybody',
    ],
    [
      'attribute that a source states',
      '[department, jobTitle,',
      '[departement, jobTitle,',
      'sources.urn:example:hr.attributes.0',
    ],
    [
      'attribute that no source states',
      '  email: {',
      '  badge: { type: string, scope: person }\n  email: {',
      'attributes.badge: expected a source',
    ],
    [
      'attribute name',
      '  email: {',
      '  constructor: { type: string, scope: person }\n  email: {',
      'attributes.constructor: expected a name',
    ],
    [
      'missing owner',
      'mail: { owner: mail-team@example.com, deleteAfter',
      'mail: { deleteAfter',
      'targets.mail.owner: expected an owner',
    ],
    [
      'purpose',
      'callback: {}',
      'callback: { factor: pin }',
      'verification.purposes.callback.factor: expected no such key',
    ],
    [
      'factor that no method can name',
      'callback: {}',
      "callback: { factors: ['pin+voice'] }",
      'verification.purposes.callback.factors.0: text of 1 to 128 characters without control characters and without "+"',
    ],
    ['alias', 'owner: identity-team', 'owner: &me identity-team', 'no anchors and aliases'],
    ['tag', 'order: revision', 'order: !secret revision', 'Unresolved tag'],
    ['prototype', '  mail: {', '  __proto__: {', 'no key may be called __proto__'],
    ['score', 'maxFailures: 3', 'scoreThreshold: 2', 'expected a number from 0 to 1'],
    ['broken YAML', 'topics: [verification-events]', 'topics: [verification-events', 'line '],
  ])('%s', (_what, old, replacement, expected) => {
    const yaml = exampleWith(old, replacement);
    const problems = problemsOf(yaml);
    expect(problems.join('\n')).toContain(expected);
    for (const problem of problems) expect(problem).toMatch(/^line \d+: /);
  });

  it('the line of an item of a list', () => {
    const yaml = exampleWith(' [mailbox]\n', '\n      - mailbox\n      - mailbx\n');
    const line = yaml.split('\n').findIndex((text) => text.includes('mailbx')) + 1;
    expect(problemsOf(yaml)[0]).toMatch(
      new RegExp(`^line ${line}: rules.mailbox.entitlements.1: `),
    );
  });

  it('with the line of the very place', () => {
    const yaml = exampleWith('when: department == "Finance"\n', 'when: departmnt == "Finance"\n');
    expect(problemsOf(yaml)).toHaveLength(1);
    expect(problemsOf(yaml)[0]).toContain(
      `line ${lineOf(yaml, 'when: departmnt')}: rules.ledger-read.when`,
    );
  });

  it('with all its problems at once, in the order of the file', () => {
    const yaml = exampleWith('order: revision', 'order: newest')
      .replace('when: department == "Finance"\n', 'when: departmnt == "Finance"\n')
      .replace('deleteAfter: P30D', 'deleteAfter: soon');
    const problems = problemsOf(yaml);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toContain('sources.urn:example:hr.order');
    expect(problems[1]).toContain('targets.mail.deleteAfter');
    expect(problems[2]).toContain('rules.ledger-read.when');
  });

  it.each([
    '',
    'just text',
    '- list',
    '[1',
    '--- {}\n--- {}',
    '['.repeat(100_000),
    'x'.repeat(2 ** 20 + 1),
  ])('where it is no policy at all (%#)', (yaml) => {
    expect(problemsOf(yaml)).not.toEqual([]);
  });
});
