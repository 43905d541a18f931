import { hash } from 'node:crypto';
import { canonicalJson } from '@latchkey/contracts';
import { type AttributeDeclaration } from './attribute.ts';
import { checkPolicy } from './check-policy.ts';
import { type Condition } from './condition.ts';
import { type Policy, type Rule, type Target } from './policy.ts';
import { type PolicyContent } from './policy-shape.ts';
import { readPolicyText, refusal } from './policy-text.ts';
import { readShape } from './read-shape.ts';

/** The policy that applies where no other is given. A file; reading it is up to the caller. */
export const EXAMPLE_POLICY_URL = new URL('../../example-policy.yaml', import.meta.url);

/**
 * The policy in a YAML text, checked in full.
 *
 * @throws Failure `POLICY_INVALID`; `details.problems` are sentences in the order of the file, each with its
 * line, the place (such as `rules.ledger-read.when`) and what was expected. A text whose YAML is broken is not checked further.
 */
export function loadPolicy(yaml: string): Policy {
  // The same text in another normal form is equal, and has the same hash.
  const text = readPolicyText(yaml.normalize('NFC'));
  const read = readShape(text);
  const conditions = read === undefined ? undefined : checkPolicy(read, text.note);
  if (read === undefined || conditions === undefined || text.problems.length > 0) {
    throw refusal(text.problems);
  }
  return policyOf(read.content, conditions, hash('sha256', canonicalJson(text.content)));
}

function policyOf(
  content: PolicyContent,
  conditions: ReadonlyMap<string, Condition>,
  policyHash: string,
): Policy {
  const attributes = declarationsOf(content);
  const byName = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  const rules = sortedEntries(content.rules).map(([name, rule]) =>
    ruleOf(name, rule, conditions.get(name)),
  );
  const targets = sortedEntries(content.targets).map(
    ([name, { owner, deleteAfter }]): Target => ({
      name,
      owner,
      deleteAfterMs: deleteAfter,
      rules: rules.filter((rule) => rule.target === name),
    }),
  );
  return {
    hash: policyHash,
    owner: content.owner,
    sources: new Map(
      sortedEntries(content.sources).map(([name, { order, topics, types, aboutAnybody }]) => [
        name,
        { source: name, order, topics, types, aboutAnybody },
      ]),
    ),
    attributes,
    attributesBySource: new Map(
      sortedEntries(content.sources).map(([name, source]) => [
        name,
        new Map([...byName].filter(([attribute]) => source.attributes.includes(attribute))),
      ]),
    ),
    targets,
    targetsByName: new Map(targets.map((target) => [target.name, target])),
    entitlements: new Map(
      sortedEntries(content.entitlements).map(([name, entitlement]) => [
        name,
        { name, ...entitlement },
      ]),
    ),
    rules: new Map(rules.map((rule) => [rule.name, rule])),
    gapToleranceMs: content.gapTolerance,
    verification: verificationOf(content.verification),
  };
}

function ruleOf(
  name: string,
  { target, entitlements, owner }: PolicyContent['rules'][string],
  condition: Condition | undefined,
): Rule {
  const granted = entitlements.toSorted();
  const meaning = { target, entitlements: granted, when: condition?.text };
  return {
    name,
    hash: hash('sha256', canonicalJson(meaning)),
    target,
    entitlements: granted,
    owner,
    condition,
  };
}

function verificationOf(content: PolicyContent['verification']): Policy['verification'] {
  return {
    purposes: new Map(sortedEntries(content.purposes)),
    maxFailures: content.maxFailures,
    failureWindowMs: content.failureWindow,
    validityMs: content.validity,
    graceMs: content.grace,
    parkedMs: content.parked,
    scoreThreshold: content.scoreThreshold,
  };
}

function declarationsOf({ attributes }: PolicyContent): readonly AttributeDeclaration[] {
  return sortedEntries(attributes).map(([name, { type, scope }]) => ({ name, type, scope }));
}

/** By UTF-16 code units, so that the order of the file never shows. */
function sortedEntries<T>(entries: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(entries).sort(([one], [other]) => (one < other ? -1 : 1));
}
