/**
 * `npm test`: the checks, then every tier of tests. With arguments, only the tiers named, without the checks; any other argument
 * keeps the test files whose path contains it.
 */
import { existsSync, rmSync } from 'node:fs'
import { fromRoot } from './support/repository.ts'
import { runCommand } from './support/run-command.ts'
import { installTestClients } from './support/test-clients.ts'
import {
  addCounts,
  closingLine,
  NO_TESTS,
  parseCounts,
  parseFailures,
  publishCounts,
  type TestCounts,
} from './support/test-counts.ts'
import { testEnvironment } from './support/test-environment.ts'
import { findTiers, type Tier } from './support/test-tiers.ts'

interface Row {
  readonly name: string
  readonly seconds: number
  readonly passed: boolean
  readonly note: string
  /** Names of the failed tests, with their errors. */
  readonly failures: readonly string[]
}

const bun = [process.execPath, '--no-env-file', '--config=/dev/null']

/** Agents look for updates and telemetry hosts, so they run where there is no network but loopback. */
const WITHOUT_NETWORK = ['unshare', '-rn', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'without-network']

async function runTier(tier: Tier, env: Record<string, string | undefined>): Promise<{ row: Row; counts: TestCounts }> {
  const wrapper = tier.name === 'agents' ? WITHOUT_NETWORK : []
  const files = tier.files.map((path) => `./${path}`)
  const flags = ['--isolate', '--only-failures', `--timeout=${tier.timeoutMs}`]
  console.error(`\n${tier.name}: ${files.length} files`)
  const result = await runCommand([...wrapper, ...bun, 'test', ...flags, ...files], { env, echo: true, timeoutMs: tier.limitMs })
  const counts = parseCounts(result.output)
  // A runner that exits badly although every test passed has still failed: count that, so that no total can look green.
  const failed = counts === undefined || (result.exitCode !== 0 && counts.failed === 0) ? 1 : counts.failed
  const settled = { ...(counts ?? NO_TESTS), failed }
  const failures = parseFailures(result.output).map((failure) => `${tier.name}: ${failure}`)
  const note = counts === undefined ? `the test runner ended with exit code ${result.exitCode}` : closingLine(settled)
  return { row: { name: tier.name, seconds: result.seconds, passed: failed === 0, note, failures }, counts: settled }
}

async function runCheck(): Promise<Row> {
  const result = await runCommand([...bun, fromRoot('tools/check.ts')], { echo: true })
  return {
    name: 'check',
    seconds: result.seconds,
    passed: result.exitCode === 0,
    note: result.exitCode === 0 ? 'clean' : 'see above',
    failures: [],
  }
}

function chooseTiers(wanted: readonly string[]): Tier[] {
  const tiers = findTiers()
  const names = tiers.map((tier) => tier.name)
  const filters = wanted.filter((word) => !names.includes(word) && !TIER_WORDS.has(word))
  const named = wanted.filter((word) => !filters.includes(word))
  const chosen = tiers.filter((tier) => (named.length > 0 ? named.includes(tier.name) : tier.byDefault))
  if (filters.length === 0) return chosen
  return chosen
    .map((tier) => ({ ...tier, files: tier.files.filter((path) => filters.some((filter) => path.includes(filter))) }))
    .filter((tier) => tier.files.length > 0)
}

/** Words that npm scripts pass even while a tier has no file yet. */
const TIER_WORDS = new Set(['unit', 'property', 'integration', 'shared', 'sdk', 'e2e', 'agents', 'chaos', 'soak', 'fuzz'])

/** Says why the agents cannot be tried here; CI must not pass over that. */
function refuseAgents(tiers: readonly Tier[]): void {
  if (!tiers.some((tier) => tier.name === 'agents') || existsSync(fromRoot('test/agents/node_modules'))) return
  console.error("agents: not run, because test/agents/node_modules is missing; run 'npm ci' in test/agents first (about 1 GB)")
  process.exit(process.env['CI'] === 'true' ? 1 : 0)
}

const wanted = process.argv.slice(2)
const tiers = chooseTiers(wanted)
refuseAgents(tiers)
if (tiers.length === 0) {
  console.error(
    `No test file matches ${wanted.join(' ')}. Tiers: ${findTiers()
      .map((tier) => tier.name)
      .join(', ')}.`,
  )
  process.exit(2)
}

await installTestClients()
const { env, folder } = testEnvironment()
const rows: Row[] = []
let total = NO_TESTS
try {
  if (wanted.length === 0) rows.push(await runCheck())
  for (const tier of tiers) {
    const { row, counts } = await runTier(tier, env)
    rows.push(row)
    total = addCounts(total, counts)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

console.log()
for (const row of rows) {
  console.log(`${row.passed ? 'ok  ' : 'FAIL'} ${row.name.padEnd(13)} ${row.seconds.toFixed(1).padStart(6)} s  ${row.note}`)
}
const failures = rows.flatMap((row) => row.failures)
for (const failure of failures) console.log(`failed: ${failure}`)
publishCounts(total, failures)
console.log(closingLine(total))
process.exit(rows.every((row) => row.passed) ? 0 : 1)
