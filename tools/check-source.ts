/** House rules that the linter and the import checker have no words for. */
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fromRoot, ROOT } from './support/repository.ts'

interface Rule {
  readonly name: string
  readonly applies: (path: string) => boolean
  readonly pattern: RegExp
  readonly why: string
}

const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.startsWith('test/')
const shipped = (path: string): boolean => path.startsWith('src/') && !isTest(path) && !/conformance[^/]*\.ts$/.test(path)
const outsideCodec =
  (format: string) =>
  (path: string): boolean =>
    shipped(path) && !path.startsWith(`src/codecs/${format}/`)

const rules: Rule[] = [
  {
    name: 'bare-error',
    applies: (path) => shipped(path) && !path.startsWith('src/lib/'),
    pattern: /\bthrow new Error\(/,
    why: 'throw a GatewayError with a code from src/errors/codes.ts: only those reach clients with a status and a retry meaning',
  },
  {
    name: 'size-opt-out',
    applies: (path) => path.endsWith('.ts'),
    pattern: /(?:oxlint|eslint)-disable.*max-(?:lines|params|depth)/,
    why: 'split the file or function instead: size limits have no exceptions',
  },
  {
    name: 'module-mock',
    applies: isTest,
    pattern: /\bmock\.module\(/,
    why: 'pass the clock, the fetch or the store in instead: module mocks leak between files',
  },
  {
    name: 'anthropic-words',
    applies: outsideCodec('anthropic'),
    pattern: /content_block_(?:start|delta|stop)|message_delta/,
    why: 'wire words live only in their codec folder',
  },
  {
    name: 'chat-words',
    applies: outsideCodec('openai'),
    pattern: /chat\.completion\b|\bfinish_reason['"]/,
    why: 'wire words live only in their codec folder',
  },
  {
    name: 'responses-words',
    applies: outsideCodec('responses'),
    pattern: /response\.(?:output_text|output_item|function_call_arguments|content_part)\b/,
    why: 'wire words live only in their codec folder',
  },
]

const vagueNames = new Set(['utils.ts', 'helpers.ts', 'common.ts', 'misc.ts'])

function problemsOf(path: string, text: string): string[] {
  const problems: string[] = []
  const lines = text.split('\n')
  if (vagueNames.has(basename(path))) problems.push(`${path}: name the file after the noun it holds`)
  if (basename(path) === 'types.ts' && lines.length > 150)
    problems.push(`${path}: more than 150 lines of types; one concept a file`)
  const active = rules.filter((rule) => rule.applies(path))
  for (const [index, line] of lines.entries()) {
    if (/^\s*(?:\/\/|\/?\*)/.test(line)) continue
    for (const rule of active) {
      if (rule.pattern.test(line)) problems.push(`${path}:${index + 1}: ${rule.name}: ${rule.why}`)
    }
  }
  return problems
}

/** A lockfile with addresses in it pins everybody to one machine's registry. */
function lockfileProblems(): string[] {
  const lockfiles = ['package-lock.json', 'test/package-lock.json', 'test/agents/package-lock.json']
  return lockfiles
    .filter((path) => existsSync(fromRoot(path)) && readFileSync(fromRoot(path), 'utf8').includes('"resolved": "http'))
    .map((path) => `${path}: holds registry addresses; install with omit-lockfile-registry-resolved=true`)
}

function exactVersionProblems(): string[] {
  return ['package.json', 'test/package.json', 'test/agents/package.json'].flatMap((path) => {
    const manifest = JSON.parse(readFileSync(fromRoot(path), 'utf8')) as Record<string, Record<string, string> | undefined>
    const sections = ['dependencies', 'devDependencies', 'optionalDependencies']
    const versions = sections.flatMap((section) => Object.entries(manifest[section] ?? {}))
    return versions
      .filter(([, version]) => !/^\d/.test(version))
      .map(([name, version]) => `${path}: ${name} "${version}" is not exact`)
  })
}

const files = [...new Bun.Glob('{src,test,bench,tools}/**/*.ts').scanSync({ cwd: ROOT })].filter(
  (path) => !path.includes('node_modules/'),
)
const problems = files.flatMap((path) => problemsOf(path, path.startsWith('tools/') ? '' : readFileSync(fromRoot(path), 'utf8')))
problems.push(...lockfileProblems(), ...exactVersionProblems())
for (const problem of problems) console.error(problem)
process.exit(problems.length === 0 ? 0 : 1)
