import tseslint from 'typescript-eslint';
import { plainWords } from './tools/plain-words/rule.ts';
import { PLAIN_SOURCES } from './tools/plain-words/scope.ts';

const ban = (selector, message) => ({ selector, message });
const everywhere = [
  ban('ExportDefaultDeclaration', 'Export names.'),
  ban('ExportAllDeclaration', 'List what the package offers.'),
];
const inPureCode = [
  ban('NewExpression[callee.name="Date"][arguments.length=0]', 'Take `now` as an argument.'),
  ban('MemberExpression[object.name="Date"][property.name="now"]', 'Take `now` as an argument.'),
  ban(
    'MemberExpression[object.name="Temporal"][property.name="Now"]',
    'Take `now` as an argument.',
  ),
  ban(
    'MemberExpression[object.name="Math"][property.name="random"]',
    'Decisions are deterministic.',
  ),
  ban(':function[async=true]', 'Pure code does not wait.'),
  ban('ImportExpression', 'Pure code does not wait.'),
];
const inServices = [
  ban(
    'CallExpression[callee.property.name=/^(selectFrom|insertInto|updateTable|deleteFrom|mergeInto)$/]',
    'SQL lives in packages/postgres.',
  ),
];

const onlyRunService = ['env', 'argv', 'exit'].map((property) => ({
  object: 'process',
  property,
  message: 'Only runService reads the environment and the arguments, and ends the process.',
}));
const noProcessModule = ['node:process', 'process'].map((name) => ({
  name,
  message: 'Use the global, so that the rules about it hold.',
}));
const onlyPureParts = [
  { name: 'node:crypto', allowImportNames: ['createHash', 'hash'], message: 'No randomness here.' },
  {
    name: 'uuid',
    allowImportNames: ['parse', 'v5', 'validate'],
    message: 'Ids are derived, not drawn.',
  },
];

/** Every `eslint-disable` says why, behind `--`. */
const disableNeedsReason = {
  meta: { type: 'suggestion', schema: [] },
  create: ({ sourceCode, report }) => ({
    Program() {
      for (const { type, node, justification } of sourceCode.getDisableDirectives().directives) {
        if (type === 'enable' || justification !== '') continue;
        report({ loc: node.loc, message: 'Say why: `-- reason`.' });
      }
    },
  }),
};

export default tseslint.config(
  { ignores: ['**/node_modules/**', 'coverage/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: {
      latchkey: {
        rules: { 'disable-needs-reason': disableNeedsReason, 'plain-words': plainWords },
      },
    },
    rules: {
      'latchkey/disable-needs-reason': 'error',
      'no-unreachable-loop': 'error',
      'no-await-in-loop': 'error',
      'no-console': 'error',
      eqeqeq: 'error',
      complexity: ['error', 10],
      'max-depth': ['error', 3],
      'max-lines': ['error', { max: 300 }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true }],
      'no-restricted-properties': ['error', ...onlyRunService],
      'no-restricted-imports': ['error', { paths: noProcessModule }],
      'no-restricted-syntax': ['error', ...everywhere],
    },
  },
  {
    files: ['packages/{domain,contracts}/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.test-support.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'process',
        'performance',
        'fetch',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'queueMicrotask',
        'crypto',
      ],
      'no-restricted-imports': ['error', { paths: [...noProcessModule, ...onlyPureParts] }],
      'no-restricted-syntax': ['error', ...everywhere, ...inPureCode],
    },
  },
  {
    files: ['services/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...everywhere, ...inServices] },
  },
  {
    files: ['packages/runtime/src/{run-service,shutdown,while-loading}.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: [
      'test/**/*.ts',
      '**/*.test.ts',
      '**/*.test-support.ts',
      '**/*.bench.ts',
      'docs/**/*.ts',
      'tools/**/*.ts',
    ],
    rules: {
      'no-restricted-properties': 'off',
      'no-restricted-imports': 'off',
      'no-await-in-loop': 'off',
      'no-console': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
  { files: [...PLAIN_SOURCES], rules: { 'latchkey/plain-words': 'error' } },
  // The tools want a default export.
  { files: ['packages/postgres/src/schema.ts'], rules: { 'max-lines': 'off' } }, // generated
  { files: ['*.config.ts', 'tools/*/*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['**/*.mjs'],
    ...tseslint.configs.disableTypeChecked,
    rules: {
      ...tseslint.configs.disableTypeChecked.rules,
      'no-console': 'off',
      'no-await-in-loop': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-imports': 'off',
      'no-restricted-syntax': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
);
