import { type ASTNode } from '@marcbachmann/cel-js';

/**
 * What a condition may call. No regular expressions: how long one runs depends on what a source states.
 * No macros over lists: nested, they multiply.
 */
const FUNCTIONS = new Set(['has', 'size', 'string', 'int', 'double']);
const METHODS = new Set([
  'startsWith',
  'endsWith',
  'contains',
  'size',
  'lowerAscii',
  'upperAscii',
  'trim',
]);

/** Used or reserved by CEL. */
const WORDS_OF_CEL = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace ' +
    'return var void while string bool int uint double map list bytes null_type type google optional cel has'
  ).split(' '),
);

const ATTRIBUTE_NAME = /^[a-z][A-Za-z0-9_]{0,63}$/;
export const ATTRIBUTE_NAME_EXPECTED =
  'a name of at most 64 ASCII letters, digits and "_" that begins with a small letter and is no word of CEL or JavaScript';

/** Whether conditions can address an attribute of this name. */
export function isAttributeName(name: string): boolean {
  return ATTRIBUTE_NAME.test(name) && !WORDS_OF_CEL.has(name) && !(name in Object.prototype);
}

/** What in the expression is undeclared or not for conditions; `undefined` if nothing is. */
export function findUnsupported(
  node: ASTNode,
  declared: ReadonlyMap<string, unknown>,
): string | undefined {
  const own = unsupportedItself(node, declared);
  if (own !== undefined) return own;
  for (const child of childrenOf(node)) {
    const found = findUnsupported(child, declared);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Brings the texts in the expression into NFC, as attributes are compared; also those that escapes wrote. */
export function normalizeTexts(node: ASTNode): void {
  if (node.op === 'value' && typeof node.args === 'string') {
    Object.assign(node, { args: node.args.normalize('NFC') });
  }
  for (const child of childrenOf(node)) normalizeTexts(child);
}

/** The declared attributes that are named below `node`. */
export function namesIn(node: ASTNode): readonly string[] {
  return node.op === 'id' ? [node.args] : childrenOf(node).flatMap(namesIn);
}

/** Whether all of `node` is needed for its value: then one unknown name makes it unknown. */
export function needsEverything(node: ASTNode): boolean {
  if (node.op === '&&' || node.op === '||' || node.op === '?:') return false;
  return childrenOf(node).every(needsEverything);
}

/** Whether `has()` is called anywhere in `node`. */
export function callsHas(node: ASTNode): boolean {
  if (node.op === 'call' && node.args[0] === 'has') return true;
  return childrenOf(node).some(callsHas);
}

function unsupportedItself(
  node: ASTNode,
  declared: ReadonlyMap<string, unknown>,
): string | undefined {
  if (node.op === 'id')
    return declared.has(node.args) ? undefined : undeclared(node.args, declared);
  if (node.op === 'call') return unsupportedCall(node.args[0], FUNCTIONS);
  if (node.op === 'rcall') return unsupportedCall(node.args[0], METHODS);
  if (node.op === '.' || node.op === '.?') {
    return `attributes hold no fields: "${node.args[1]}" cannot be one`;
  }
  return node.op === 'map' ? 'no maps: attributes are text, numbers and booleans' : undefined;
}

function undeclared(name: string, declared: ReadonlyMap<string, unknown>): string {
  const names = [...declared.keys()].sort().join(', ');
  return `only declared attributes (${names === '' ? 'none' : names}): "${name}" is not declared`;
}

function unsupportedCall(name: string, known: ReadonlySet<string>): string | undefined {
  if (known.has(name)) return undefined;
  return `only the functions ${[...known].join(', ')}: "${name}" is not one of them`;
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  if (node.op === 'value' || node.op === 'id') return [];
  if (node.op === 'call') return node.args[1];
  if (node.op === 'rcall') return [node.args[1], ...node.args[2]];
  if (node.op === '.' || node.op === '.?') return [node.args[0]];
  if (node.op === 'map') return node.args.flat();
  if (node.op === '!_' || node.op === '-_') return [node.args];
  return node.args;
}
