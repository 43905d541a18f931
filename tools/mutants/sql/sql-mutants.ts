import ts from 'typescript';
import type { Change } from '../mutant.ts';
import { changesOf } from './operators.ts';
import { type Span, tokensOf } from './tokens.ts';

/** Every change of the SQL in the `sql` templates of a file. */
export function sqlChangesOf(file: string, text: string): readonly Change[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const changes: Change[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'sql') {
      const { template } = node;
      const inside = { start: template.getStart() + 1, end: template.end - 1 };
      changes.push(...changesOf(tokensOf(text, inside, holesOf(template))));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return changes;
}

function holesOf(template: ts.TemplateLiteral): readonly Span[] {
  if (!ts.isTemplateExpression(template)) return [];
  return template.templateSpans.map(({ expression, literal }) => ({
    // `${` before it, and the `}` with which the literal after it begins.
    start: text(template).lastIndexOf('${', expression.getStart()),
    end: literal.getStart() + 1,
  }));
}

function text(node: ts.Node): string {
  return node.getSourceFile().text;
}
