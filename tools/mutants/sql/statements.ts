import ts from 'typescript';

/** A statement of SQL in a file, in UTF-16 code units. */
export interface NamedStatement {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Every `statement('name', …)` of a file: its text runs when the statement with that name runs. */
export function statementsOf(file: string, text: string): readonly NamedStatement[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: NamedStatement[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'statement') {
      const [name] = node.arguments;
      if (name !== undefined && ts.isStringLiteral(name)) {
        found.push({ name: name.text, start: node.getStart(), end: node.end });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
