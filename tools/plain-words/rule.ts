import type { Rule } from 'eslint';
import { type Finding, findInName, findInProse } from './words.ts';

/** What the rule reads of a syntax node, of JavaScript or TypeScript. */
interface Node {
  readonly type: string;
  readonly loc: NonNullable<Rule.Node['loc']>;
  readonly name?: unknown;
  readonly value?: unknown;
  readonly id?: Node | null;
  readonly key?: Node;
  readonly object?: Node;
  readonly callee?: Node;
  readonly arguments?: readonly Node[];
  readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
}

const TEST_FUNCTIONS = new Set(['test', 'it', 'describe']);
const DECLARATIONS =
  ':matches(FunctionDeclaration, VariableDeclarator, ClassDeclaration, TSTypeAliasDeclaration, TSInterfaceDeclaration)';
const MEMBERS =
  ':matches(MethodDefinition, TSMethodSignature, TSPropertySignature[typeAnnotation.typeAnnotation.type="TSFunctionType"])';

/** ESLint's rule `latchkey/plain-words`: comments, names of tests, and names that a file declares. */
export const plainWords: Rule.RuleModule = {
  meta: { type: 'suggestion', schema: [] },
  create(context) {
    const report = (loc: Node['loc'], findings: readonly Finding[]): void => {
      for (const { found, instead } of findings) {
        context.report({ loc, message: `“${found}”: ${instead}.` });
      }
    };
    const reportName = (node: Node | null | undefined): void => {
      if (typeof node?.name === 'string') report(node.loc, findInName(node.name));
    };
    return {
      Program() {
        for (const { loc, value } of context.sourceCode.getAllComments()) {
          if (loc) report(loc, findInProse(value));
        }
      },
      [DECLARATIONS]: ({ id }: Node) => {
        reportName(id);
      },
      [MEMBERS]: ({ key }: Node) => {
        reportName(key);
      },
      'CallExpression[arguments.length>0]': ({ callee, arguments: given = [] }: Node) => {
        const [title] = given;
        if (title === undefined || !TEST_FUNCTIONS.has(calledName(callee))) return;
        report(title.loc, findInProse(textOf(title)));
      },
    };
  },
};

/** `test` of `test(…)`, `test.each(…)(…)` and `test.skipIf(…)(…)`. */
function calledName(callee: Node | undefined): string {
  if (callee === undefined) return '';
  if (typeof callee.name === 'string') return callee.name;
  return calledName(callee.object ?? callee.callee);
}

function textOf({ value, quasis = [] }: Node): string {
  if (typeof value === 'string') return value;
  return quasis.map((quasi) => quasi.value.raw).join(' ');
}
