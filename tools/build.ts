/** `npm run build`: dist/lib for Node and bundlers, dist/switchback as one executable. `build.ts lib` makes only the first. */
import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fromRoot } from './support/repository.ts'
import { runCommand } from './support/run-command.ts'

const bun = process.execPath
const targets: Record<string, () => Promise<void>> = { lib: buildLibrary, binary: buildBinary }

async function run(command: readonly string[]): Promise<void> {
  const result = await runCommand(command)
  if (result.exitCode === 0) return
  console.error(`build: failed with exit code ${result.exitCode}: ${command.join(' ')}\n${result.output}`)
  process.exit(1)
}

/** Node does not strip types under node_modules, so the library ships as JavaScript with declarations. */
async function buildLibrary(): Promise<void> {
  rmSync(fromRoot('dist', 'lib'), { recursive: true, force: true })
  await run([fromRoot('node_modules', '.bin', 'tsc'), '-p', 'tsconfig.build.json'])
  for (const entry of ['index', 'routing/index', 'codecs/index']) {
    for (const extension of ['js', 'd.ts']) {
      if (existsSync(fromRoot('dist', 'lib', `${entry}.${extension}`))) continue
      console.error(`build: dist/lib/${entry}.${extension} was not written, but package.json exports it`)
      process.exit(1)
    }
  }
}

async function buildBinary(): Promise<void> {
  const folder = fromRoot('dist', 'parts')
  const built = join(folder, 'switchback')
  await run([
    bun,
    '--no-env-file',
    '--config=/dev/null',
    'build',
    fromRoot('src', 'main.ts'),
    '--compile',
    '--bytecode',
    // Each part is read when it is first needed: a fifth of what starting a gateway takes.
    '--splitting',
    // Bytecode with top-level await needs ES modules.
    '--format=esm',
    // Full minification would rename the error classes that users and logs see.
    '--minify-syntax',
    '--minify-whitespace',
    '--sourcemap=linked',
    // A .env or bunfig.toml in the folder it is started from must not reach into the program.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    `--outfile=${built}`,
  ])
  // The source maps of the parts lie within the binary too.
  const outfile = fromRoot('dist', 'switchback')
  renameSync(built, outfile)
  rmSync(folder, { recursive: true })
  console.error(`build: dist/switchback, ${(statSync(outfile).size / 1e6).toFixed(0)} MB`)
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in targets))
if (unknown.length > 0) {
  console.error(`build: unknown target ${unknown.join(', ')}; there are: ${Object.keys(targets).join(', ')}`)
  process.exit(2)
}
for (const name of wanted.length > 0 ? wanted : Object.keys(targets)) {
  const started = performance.now()
  await targets[name]?.()
  console.error(`build: ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
