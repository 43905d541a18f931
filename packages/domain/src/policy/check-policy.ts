import { EVENT_SCHEMAS, type InputTopic } from '@latchkey/contracts';
import { type Condition, conditionCompiler } from './condition.ts';
import { ATTRIBUTE_NAME_EXPECTED, isAttributeName } from './condition-words.ts';
import { type PolicyContent } from './policy-shape.ts';
import { type Path, type PolicyText } from './policy-text.ts';
import { type ReadShape } from './read-shape.ts';

type Note = PolicyText['note'];
type SourceContent = PolicyContent['sources'][string];
type RuleContent = PolicyContent['rules'][string];

const EVENT_TYPES = Object.keys(EVENT_SCHEMAS);
const VERIFICATION_PREFIX = 'latchkey.verification.';

/** CloudEvents allows any URI reference; here without `#`, which joins source and id of an event. */
const SOURCE_NAME = /^[^\p{Cc}\s#]{1,256}$/u;

/** Notes what does not fit together. Returns the conditions by the name of their rule. */
export function checkPolicy(
  { content, broken }: ReadShape,
  note: Note,
): ReadonlyMap<string, Condition> {
  const { attributes, sources, entitlements, rules } = content;
  const refer = references(content, broken, note);
  if (!broken.has('sources')) checkStated(content, note);
  for (const name of Object.keys(attributes)) {
    if (!isAttributeName(name)) note(['attributes', name], `expected ${ATTRIBUTE_NAME_EXPECTED}`);
  }
  for (const [name, source] of Object.entries(sources)) checkSource(name, source, refer, note);
  for (const [name, { target }] of Object.entries(entitlements)) {
    refer('targets', target, ['entitlements', name, 'target']);
  }
  for (const [name, rule] of Object.entries(rules)) checkGrants(name, rule, refer);
  for (const [name, rule] of Object.entries(rules)) {
    checkSameTarget(name, rule, content, note);
  }
  // A condition on a broken declaration would be blamed for it.
  if (broken.has('attributes')) return new Map();
  return compileConditions(content, note);
}

/** Notes a name that is declared nowhere in a section. */
type Refer = (section: 'attributes' | 'targets' | 'entitlements', name: string, path: Path) => void;

function references(content: PolicyContent, broken: ReadonlySet<string>, note: Note): Refer {
  return (section, name, path) => {
    if (broken.has(section) || Object.hasOwn(content[section], name)) return;
    note(path, `expected one of the ${section} that are declared: "${name}" is none`);
  };
}

function checkStated({ attributes, sources }: PolicyContent, note: Note): void {
  const stated = new Set(Object.values(sources).flatMap((source) => source.attributes));
  for (const name of Object.keys(attributes)) {
    if (stated.has(name)) continue;
    note(['attributes', name], 'expected a source that may state it: list it under one');
  }
}

function checkSource(name: string, source: SourceContent, refer: Refer, note: Note): void {
  const path = ['sources', name];
  if (!SOURCE_NAME.test(name)) {
    note(path, 'expected a URI of at most 256 characters without blanks and "#"');
  }
  source.types.forEach((type, index) => {
    checkType([...path, 'types', index], type, source.topics, note);
  });
  for (const [index, topic] of source.topics.entries()) {
    if (source.types.flatMap(covered).some((type) => topicOf(type) === topic)) continue;
    note([...path, 'topics', index], `expected a type that belongs on the topic ${topic}`);
  }
  source.attributes.forEach((attribute, index) => {
    refer('attributes', attribute, [...path, 'attributes', index]);
  });
  checkPowers(path, source, note);
}

/** What a source may never use is a mistake. */
function checkPowers(path: readonly string[], source: SourceContent, note: Note): void {
  const types = source.types.flatMap(covered);
  if (source.aboutAnybody && !types.some((type) => type.startsWith('latchkey.person.'))) {
    note([...path, 'aboutAnybody'], 'expected a type latchkey.person.*: no other is about anybody');
  }
  const states = types.some((type) => type.startsWith('latchkey.workforce.'));
  if (source.attributes.length > 0 && !states) {
    note([...path, 'attributes'], 'expected a type latchkey.workforce.*: no other has attributes');
  }
}

function checkType(path: Path, type: string, topics: readonly InputTopic[], note: Note): void {
  const types = covered(type);
  if (types.length === 0) {
    note(path, `expected a type such as ${EVENT_TYPES[0]}, or a prefix of some that ends in ".*"`);
  }
  if (types.some((each) => !topics.includes(topicOf(each)))) {
    note(path, `expected types that belong on ${topics.join(' or ')}`);
  }
}

/** The event types that an entry of `types` allows. */
function covered(allowed: string): readonly string[] {
  if (!allowed.endsWith('.*')) return EVENT_TYPES.filter((type) => type === allowed);
  return EVENT_TYPES.filter((type) => type.startsWith(allowed.slice(0, -1)));
}

function topicOf(type: string): InputTopic {
  return type.startsWith(VERIFICATION_PREFIX) ? 'verification-events' : 'workforce-events';
}

function checkGrants(name: string, rule: RuleContent, refer: Refer): void {
  refer('targets', rule.target, ['rules', name, 'target']);
  rule.entitlements.forEach((granted, index) => {
    refer('entitlements', granted, ['rules', name, 'entitlements', index]);
  });
}

function checkSameTarget(
  name: string,
  rule: RuleContent,
  { entitlements }: PolicyContent,
  note: Note,
): void {
  rule.entitlements.forEach((granted, index) => {
    if (!Object.hasOwn(entitlements, granted)) return;
    const target = entitlements[granted]?.target;
    if (target === rule.target) return;
    const found = `"${granted}" is one of ${target ?? 'none'}`;
    note(
      ['rules', name, 'entitlements', index],
      `expected entitlements of ${rule.target}: ${found}`,
    );
  });
}

function compileConditions(
  { attributes, rules }: PolicyContent,
  note: Note,
): ReadonlyMap<string, Condition> {
  const conditions = new Map<string, Condition>();
  const addressable = Object.entries(attributes).filter(([name]) => isAttributeName(name));
  const compile = conditionCompiler(
    addressable.map(([name, { type, scope }]) => ({ name, type, scope })),
  );
  for (const [name, { when }] of Object.entries(rules)) {
    if (when === undefined) continue;
    const condition = compile(when);
    if (typeof condition === 'function') conditions.set(name, condition);
    else note(['rules', name, 'when'], `expected ${condition.problem}`);
  }
  return conditions;
}
