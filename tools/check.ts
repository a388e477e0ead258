/** `npm run check`: everything that can be said about the code without running it. */
import { existsSync } from 'node:fs'
import { fromRoot } from './support/repository.ts'
import { runCommand, type CommandResult } from './support/run-command.ts'
import { installTestClients } from './support/test-clients.ts'

interface Step {
  readonly name: string
  readonly command: readonly string[]
  /** What to do when the step fails, where its own output does not say. */
  readonly hint?: string
}

const bun = process.execPath
const own = (script: string): readonly string[] => [bun, '--no-env-file', '--config=/dev/null', fromRoot(script)]
const binary = (name: string): string => fromRoot('node_modules', '.bin', name)
const folders = ['src', 'test', 'bench', 'tools'].filter((folder) => existsSync(fromRoot(folder)))

const steps: Step[] = [
  // First, because it takes the longest. What it learnt is kept, and halves the next run.
  {
    name: 'types',
    command: [binary('tsc'), '--noEmit', '--incremental', '--tsBuildInfoFile', 'node_modules/.cache/check.tsbuildinfo'],
  },
  { name: 'format', command: [binary('oxfmt'), '--check', ...folders], hint: 'npm run format' },
  {
    name: 'lint',
    command: [binary('oxlint'), '--type-aware', '--report-unused-disable-directives', '--format=unix', ...folders],
  },
  {
    // Under Bun, because the tool refuses Node before 22.
    name: 'layers',
    command: [...own('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'), 'src', '--config', '.dependency-cruiser.cjs'],
  },
  { name: 'dead code', command: [binary('knip'), '--no-progress'] },
  { name: 'source rules', command: own('tools/check-source.ts') },
]
if (existsSync(fromRoot('tools/check-docs.ts'))) steps.push({ name: 'docs', command: own('tools/check-docs.ts') })

function report(step: Step, result: CommandResult): void {
  const verdict = result.exitCode === 0 ? 'ok  ' : 'FAIL'
  console.log(`${verdict} ${step.name.padEnd(13)} ${result.seconds.toFixed(1).padStart(5)} s`)
  if (result.exitCode === 0) return
  console.log(result.output.trimEnd())
  if (step.hint !== undefined) console.log(`     to repair: ${step.hint}`)
}

await installTestClients()
const started = performance.now()
let failed = 0
const queue = [...steps]
const worker = async (): Promise<void> => {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    const result = await runCommand(step.command)
    if (result.exitCode !== 0) failed += 1
    report(step, result)
  }
}
// Two at a time: the machine this is meant to be quick on has two cores.
await Promise.all([worker(), worker()])
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(
  failed === 0 ? `check: all ${steps.length} steps passed in ${seconds} s` : `check: ${failed} of ${steps.length} steps failed`,
)
process.exit(failed === 0 ? 0 : 1)
