import { type ASTNode, type Environment } from '@marcbachmann/cel-js';
import { serialize } from '@marcbachmann/cel-js/serialize';
import { type Answer, type ConditionProblem } from './answer.ts';
import { type AttributeDeclaration, type KnownAttributes, type KnownValue } from './attribute.ts';
import { callsHas, namesIn, needsEverything } from './condition-words.ts';

/** A part of a condition with a separate answer. */
interface Term {
  readonly answer: (attributes: KnownAttributes) => Answer;
}

type DeclaredTypes = ReadonlyMap<string, AttributeDeclaration['type']>;

/**
 * What joins answers is done here, so that `has()` can ask for a bare name and that the usual unknown, an
 * absent attribute, costs no exception (7 µs each). Everything between is left to the library, typed.
 */
export function compileTerm(
  node: ASTNode,
  environment: Environment,
  declared: DeclaredTypes,
): Term | ConditionProblem {
  const compile = (part: ASTNode): Term | ConditionProblem =>
    compileTerm(part, environment, declared);
  if (node.op === '&&') return join(node.args.map(compile), and);
  if (node.op === '||') return join(node.args.map(compile), or);
  if (node.op === '!_') return join([compile(node.args)], not);
  if (node.op === '?:') return join(node.args.map(compile), choose);
  if (node.op === 'call' && node.args[0] === 'has') return presence(node.args[1], declared);
  return comparison(node, environment, declared);
}

function join(
  parts: readonly (Term | ConditionProblem)[],
  operator: (parts: readonly Term[]) => Term['answer'],
): Term | ConditionProblem {
  const terms: Term[] = [];
  for (const part of parts) {
    if ('problem' in part) return part;
    terms.push(part);
  }
  return { answer: operator(terms) };
}

/** One false decides, on either side. */
function and([one, other]: readonly Term[]): Term['answer'] {
  return (attributes) => {
    const first = answerOf(one, attributes);
    if (first === false) return false;
    const second = answerOf(other, attributes);
    if (second === false) return false;
    return first === 'unknown' ? 'unknown' : second;
  };
}

/** One true decides, on either side. */
function or([one, other]: readonly Term[]): Term['answer'] {
  return (attributes) => {
    const first = answerOf(one, attributes);
    if (first === true) return true;
    const second = answerOf(other, attributes);
    if (second === true) return true;
    return first === 'unknown' ? 'unknown' : second;
  };
}

function not([term]: readonly Term[]): Term['answer'] {
  return (attributes) => {
    const answer = answerOf(term, attributes);
    return answer === 'unknown' ? 'unknown' : !answer;
  };
}

/** As CEL has it, an unknown question stays unknown even where both replies agree. */
function choose([question, yes, no]: readonly Term[]): Term['answer'] {
  return (attributes) => {
    const answer = answerOf(question, attributes);
    return answer === 'unknown' ? 'unknown' : answerOf(answer ? yes : no, attributes);
  };
}

function answerOf(term: Term | undefined, attributes: KnownAttributes): Answer {
  return term === undefined ? 'unknown' : term.answer(attributes);
}

function presence(
  [asked, ...others]: readonly ASTNode[],
  declared: DeclaredTypes,
): Term | ConditionProblem {
  if (asked?.op !== 'id' || others.length > 0) {
    return { problem: 'has() asks for one attribute by its bare name' };
  }
  const name = asked.args;
  const type = declared.get(name);
  return {
    answer: (attributes) => knownValue(attributes, name, type) !== undefined,
  };
}

function comparison(
  node: ASTNode,
  environment: Environment,
  declared: DeclaredTypes,
): Term | ConditionProblem {
  const text = serialize(node);
  if (callsHas(node)) {
    return { problem: `has() stands by itself or with !, &&, || and ?:, not inside "${text}"` };
  }
  const checked = environment.check(text);
  if (!checked.valid || checked.type !== 'bool') {
    const found = checked.error?.message.split('\n', 1)[0] ?? `it is ${checked.type ?? 'untyped'}`;
    const hint = found.includes('double') ? '; numbers are doubles: write 3.0 for 3' : '';
    return { problem: `true or false from "${text}": ${found}${hint}` };
  }
  return evaluation(node, environment.parse(text), declared);
}

function evaluation(
  node: ASTNode,
  evaluate: (values: Record<string, KnownValue>) => unknown,
  declared: DeclaredTypes,
): Term {
  const typed = [...new Set(namesIn(node))].map((name) => ({ name, type: declared.get(name) }));
  const isStrict = needsEverything(node);
  return {
    answer: (attributes) => {
      const values: Record<string, KnownValue> = {};
      for (const { name, type } of typed) {
        const value = knownValue(attributes, name, type);
        if (value !== undefined) values[name] = value;
        else if (isStrict) return 'unknown';
      }
      return attempt(evaluate, values);
    },
  };
}

function attempt(
  evaluate: (values: Record<string, KnownValue>) => unknown,
  values: Record<string, KnownValue>,
): Answer {
  try {
    const answer = evaluate(values);
    return typeof answer === 'boolean' ? answer : 'unknown';
  } catch {
    // Absent names and failed conversions; CEL has no other way to report that there is no answer.
    return 'unknown';
  }
}

/** Own members only: a name must not find what every object inherits. A text in NFC, however it was stated. */
function knownValue(
  attributes: KnownAttributes,
  name: string,
  type: AttributeDeclaration['type'] | undefined,
): KnownValue | undefined {
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (value === null || typeof value !== type) return undefined;
  return typeof value === 'string' ? value.normalize('NFC') : value;
}
