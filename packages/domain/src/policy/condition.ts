import { Environment } from '@marcbachmann/cel-js';
import { type Answer, type ConditionProblem } from './answer.ts';
import { type AttributeDeclaration, type KnownAttributes } from './attribute.ts';
import { compileTerm } from './condition-term.ts';
import { findUnsupported, normalizeTexts } from './condition-words.ts';

/**
 * A CEL expression over the declared attributes, each addressed by its bare name. Called with the attributes
 * of one engagement it answers: an absent or cleared attribute, or one of another type than declared, is
 * unknown, and so is what fails while it is evaluated; `&&`, `||` and `?:` absorb it as CEL has it. Never throws.
 */
export interface Condition {
  (attributes: KnownAttributes): Answer;
  /** As the policy writes it, without surrounding blanks. */
  readonly text: string;
}

/** Turns texts into conditions over one set of declared attributes. */
export type CompileCondition = (text: string) => Condition | ConditionProblem;

const CONDITION_MAX_CHARACTERS = 2000;

/** Longer than any condition that a person could review. */
const LIMITS = {
  maxAstNodes: 500,
  maxDepth: 50,
  maxListElements: 200,
  maxMapEntries: 10,
  maxCallArguments: 3,
};

const CEL_TYPE = { string: 'string', number: 'double', boolean: 'bool' } as const;

/** `attributes` have names that `isAttributeName` accepts. */
export function conditionCompiler(attributes: readonly AttributeDeclaration[]): CompileCondition {
  const environment = new Environment({ unlistedVariablesAreDyn: false, limits: LIMITS });
  const declared = new Map(attributes.map((attribute) => [attribute.name, attribute.type]));
  for (const { name, type } of attributes) environment.registerVariable(name, CEL_TYPE[type]);
  return (text) => {
    if (text.length > CONDITION_MAX_CHARACTERS) {
      return { problem: `at most ${CONDITION_MAX_CHARACTERS} characters` };
    }
    try {
      return compile(text.trim(), environment, declared);
    } catch (error) {
      return { problem: `a CEL expression: ${reasonOf(error)}` };
    }
  };
}

function compile(
  text: string,
  environment: Environment,
  declared: ReadonlyMap<string, AttributeDeclaration['type']>,
): Condition | ConditionProblem {
  const { ast } = environment.parse(text);
  normalizeTexts(ast);
  const unsupported = findUnsupported(ast, declared);
  if (unsupported !== undefined) return { problem: unsupported };
  const term = compileTerm(ast, environment, declared);
  if ('problem' in term) return term;
  return Object.assign(term.answer, { text });
}

/** The first line of the parser's message, without its picture of the place. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}
