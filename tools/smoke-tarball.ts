/**
 * Packs the package as npm would publish it, installs it where nothing of this checkout can be seen, and tries what a user would:
 * the library under Node 24, its types under the compiler, and the command after global installs with and without install scripts.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromRoot } from './support/repository.ts'
import { runCommand, type CommandOptions } from './support/run-command.ts'
import { closingLine, publishCounts } from './support/test-counts.ts'

const NODE_VERSION = '24.21.0'
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error']

const LIBRARY_PROGRAM = `
import { createGateway } from 'switchback-gateway'
import * as routing from 'switchback-gateway/routing'
import * as codecs from 'switchback-gateway/codecs'

if (Object.keys(routing).length === 0 || Object.keys(codecs).length === 0) throw new Error('a subpath exports nothing')
const gateway = await createGateway({ providers: [{ id: 'mock', type: 'mock' }] })
const ask = (path, body, headers = {}) =>
  gateway.fetch(new Request('http://127.0.0.1' + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'mock/echo', messages: [{ role: 'user', content: 'smoke-word' }], ...body }),
  }))
const answers = [
  await ask('/v1/chat/completions', {}),
  await ask('/v1/chat/completions', { stream: true }),
  await ask('/v1/messages', { max_tokens: 64, stream: true }, { 'anthropic-version': '2023-06-01' }),
]
for (const answer of answers) {
  const body = await answer.text()
  // A stream cuts the text anywhere.
  const text = Array.from(body.matchAll(/"(?:content|text)":"([^"]*)"/g), (match) => match[1]).join('')
  if (answer.status !== 200 || !text.includes('smoke-word')) throw new Error(answer.status + ' ' + body)
}
await gateway.close?.()
console.log('library ok on Node ' + process.version)
`

const TYPES_PROGRAM = `
import { createGateway } from 'switchback-gateway'
import * as routing from 'switchback-gateway/routing'
import * as codecs from 'switchback-gateway/codecs'

const gateway = await createGateway({})
const response: Response = await gateway.fetch(new Request('http://127.0.0.1/health'))
export { codecs, response, routing }
`

const folder = mkdtempSync(join(tmpdir(), 'switchback-smoke-'))
// A folder above with a node_modules of its own would hide a missing dependency, and npm's variables would change what npm does.
const env: Record<string, string | undefined> = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_(?!config_(?:registry|cafile|userconfig))|SWITCHBACK_BUN$|NODE_(?:OPTIONS|PATH)$)/i.test(name),
  ),
)

async function run(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await runCommand(command, { env, cwd: folder, ...options })
  if (result.exitCode !== 0) throw new Error(`exit code ${result.exitCode}: ${command.join(' ')}\n${result.output}`)
  return result.output.trim()
}

async function pack(): Promise<string> {
  await run(['npm', 'pack', '--pack-destination', folder, '--loglevel=error'], { cwd: fromRoot() })
  const [name] = [...new Bun.Glob('*.tgz').scanSync({ cwd: folder })]
  if (name === undefined) throw new Error('npm pack wrote no file')
  return join(folder, name)
}

/** Node 24 from the platform's npm package, because a machine that develops with Bun may have an older Node or none. */
async function findNode(): Promise<string> {
  const home = join(folder, 'node')
  mkdirSync(home)
  await run(['npm', 'install', '--prefix', home, ...QUIET, `node-${process.platform}-${process.arch}@${NODE_VERSION}`])
  return join(home, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
}

async function tryLibrary(tarball: string): Promise<void> {
  const project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}')
  // Without the optional Bun: a Node user must not need it.
  await run(['npm', 'install', '--omit=optional', '--ignore-scripts', ...QUIET, tarball], { cwd: project })
  writeFileSync(join(project, 'smoke.mjs'), LIBRARY_PROGRAM)
  writeFileSync(join(project, 'smoke.ts'), TYPES_PROGRAM)
  console.log(await run([await findNode(), 'smoke.mjs'], { cwd: project }))
  const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'esnext', '--lib', 'esnext,dom']
  await run([process.execPath, fromRoot('node_modules/typescript/bin/tsc'), ...strict, 'smoke.ts'], { cwd: project })
  console.log('types ok under nodenext')
}

async function tryCommand(tarball: string, name: string, flags: readonly string[]): Promise<void> {
  const prefix = join(folder, name)
  await run(['npm', 'install', '--global', '--prefix', prefix, ...QUIET, ...flags, tarball])
  const command = join(prefix, 'bin', 'switchback')
  if (!existsSync(command)) throw new Error(`${command} was not linked`)
  console.log(`${name}: switchback ${await run([command, '--version'])}`)
}

const started = performance.now()
let passed = 0
let failed = 0
async function attempt(name: string, body: () => Promise<void>): Promise<void> {
  try {
    await body()
    passed += 1
  } catch (error) {
    failed += 1
    console.error(`FAIL ${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

try {
  let tarball = ''
  await attempt('npm pack', async () => {
    tarball = await pack()
    console.log(`packed ${(Bun.file(tarball).size / 1e6).toFixed(1)} MB`)
  })
  if (tarball !== '') {
    await attempt('library', () => tryLibrary(tarball))
    await attempt('global install', () => tryCommand(tarball, 'global', []))
    await attempt('global install without scripts', () => tryCommand(tarball, 'global-no-scripts', ['--ignore-scripts']))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
publishCounts({ passed, failed, skipped: 0 })
console.log(`tarball smoke test in ${((performance.now() - started) / 1000).toFixed(1)} s`)
console.log(closingLine({ passed, failed, skipped: 0 }))
process.exit(failed === 0 ? 0 : 1)
