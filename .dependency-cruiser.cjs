// Who may import whom. Folders under src/ are layers; ARCHITECTURE.md draws the same table.
// An entry is a layer, or `layer:kind` for only that layer's files of one kind (types, schema, store, presets).

const kinds = {
  types: String.raw`\.types\.ts$`,
  schema: String.raw`\.schema\.ts$`,
  store: String.raw`/store\.ts$`,
  presets: String.raw`/presets/[^/]+\.ts$`,
}

const pure = ['ir', 'errors', 'lib']
const belowEngine = [
  ...pure,
  'runtime',
  'codecs',
  'catalog',
  'routing',
  'transport',
  'credentials',
  'providers',
  'state:store',
  'observability',
]

const mayImport = {
  ir: [],
  lib: [],
  runtime: ['lib'],
  vault: [...pure, 'runtime'],
  errors: ['ir'],
  codecs: pure,
  catalog: ['ir', 'lib'],
  routing: [...pure, 'catalog'],
  transport: [...pure, 'runtime'],
  credentials: [...pure, 'transport'],
  providers: [...pure, 'codecs', 'catalog', 'transport', 'credentials:types'],
  state: [...pure, 'runtime'],
  observability: [...pure, 'transport'],
  engine: belowEngine,
  config: [...pure, 'any:schema', 'providers:presets'],
  operations: [...belowEngine.filter((entry) => entry !== 'state:store'), 'state', 'vault', 'engine', 'config'],
  http: [...pure, 'operations', 'engine', 'config', 'observability', 'codecs'],
  cli: [...pure, 'operations', 'config'],
}

const compositionRoot = String.raw`^src/((app|main|index)\.ts$|app/)`
const layers = Object.keys(mayImport)
const test = String.raw`\.test\.ts$`

function pathOf(entry) {
  const [layer, kind] = entry.split(':')
  const folder = layer === 'any' ? '^src/' : `^src/${layer}/`
  return kind === undefined ? folder : `${folder.slice(0, -1)}.*${kinds[kind]}`
}

const layerRules = layers.map((layer) => ({
  name: `layer-${layer}`,
  severity: 'error',
  comment: `src/${layer}/ may import only: ${mayImport[layer].join(', ') || 'nothing'}.`,
  from: { path: `^src/${layer}/`, pathNot: test },
  to: { path: '^src/', pathNot: [`^src/${layer}/`, ...mayImport[layer].map(pathOf)] },
}))

/** Two members of one family share code through their parent folder, never with each other. */
const siblingRules = ['codecs', 'providers', 'routing/strategies'].map((family) => ({
  name: `no-siblings-${family.replace('/', '-')}`,
  severity: 'error',
  comment: `Two folders of src/${family}/ do not import each other: move what they share up.`,
  from: { path: `^src/${family}/([^/]+)/`, pathNot: test },
  to: { path: `^src/${family}/[^/]+/`, pathNot: `^src/${family}/$1/` },
}))

const only = (name, comment, from, to) => ({
  name,
  severity: 'error',
  comment,
  from: { path: '^src/', pathNot: [from, test, compositionRoot] },
  to: { path: to },
})

module.exports = {
  forbidden: [
    ...layerRules,
    ...siblingRules,
    {
      name: 'known-layer',
      severity: 'error',
      comment: 'Every file under src/ lies in a layer of the table above or is the composition root.',
      from: { path: '^src/', pathNot: [`^src/(${layers.join('|')})/`, compositionRoot] },
      to: {},
    },
    {
      name: 'no-composition-root',
      severity: 'error',
      comment: 'app.ts, main.ts and index.ts import; nothing imports them (index.ts and main.ts may import app.ts).',
      from: { path: '^src/', pathNot: [compositionRoot, test] },
      to: { path: compositionRoot },
    },
    {
      name: 'strategies-apart',
      severity: 'error',
      comment: 'A strategy imports no other strategy; only strategies/index.ts knows them all.',
      from: { path: String.raw`^src/routing/strategies/([^/.]+)\.ts$`, pathNot: [test, String.raw`/index\.ts$`] },
      to: { path: '^src/routing/strategies/', pathNot: [String.raw`^src/routing/strategies/$1[/.]`, kinds.types, kinds.schema] },
    },
    {
      name: 'interface-without-implementation',
      severity: 'error',
      comment: 'A file of types or a store interface imports no implementation (types of one leave nothing behind).',
      from: { path: String.raw`^src/.+(\.types|/store)\.ts$` },
      to: {
        path: '^src/',
        dependencyTypesNot: ['type-only'],
        pathNot: ['^src/(ir|lib|errors)/', kinds.types, kinds.schema, kinds.store, String.raw`^src/codecs/codec\.ts$`],
      },
    },
    only(
      'sockets',
      'Only transport/ and runtime/ open sockets.',
      // Schemas ask the same module what an IP address is.
      String.raw`^src/(transport|runtime)/|\.schema\.ts$`,
      '^(node:)?(net|tls|http|https|http2|dgram|dns|dns/promises)$',
    ),
    only('processes', 'Only runtime/ starts processes.', '^src/runtime/', '^(node:)?(child_process|worker_threads|cluster)$'),
    only('web-framework', 'Only http/ knows the web framework.', '^src/http/', 'node_modules/hono/'),
    only('argument-parser', 'Only cli/ knows the argument parser.', '^src/cli/', 'node_modules/commander/'),
    only('logger', 'Only observability/ knows the logging library.', '^src/observability/', 'node_modules/pino/'),
    {
      name: 'pure',
      severity: 'error',
      comment: 'ir, errors, codecs, catalog and routing compute: no files, no network, no process.',
      from: { path: '^src/(ir|errors|codecs|catalog|routing)/', pathNot: [test, 'conformance'] },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|crypto|string_decoder|util|assert)$' },
    },
    {
      name: 'no-test-imports',
      severity: 'error',
      comment: 'Code that ships does not import tests or test support.',
      from: { path: '^src/', pathNot: test },
      to: { path: `^(test|bench|tools)/|${test}` },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      comment: 'Code that ships imports only production dependencies.',
      from: { path: '^src/', pathNot: [test, 'conformance'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['type-only'], pathNot: 'bun-types' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'A cycle means two files are one concept, or a third is missing.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'Nothing imports this file and it imports nothing.',
      from: { orphan: true, pathNot: [test, String.raw`\.d\.ts$`, compositionRoot] },
      to: {},
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'The import leads nowhere.',
      from: {},
      to: { couldNotResolve: true, pathNot: '^bun(:|$)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
