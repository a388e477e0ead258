/**
 * Measures the ledger at a size that no test has: `tools/bun bench/ledger.ts [rows]` (default 10,000,000; takes minutes and a few
 * gigabytes in the temporary folder). Fails when a usage query takes 300 ms or longer, or pruning a million rows more than 50 MB.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AttemptId } from '../src/ir/ids.ts'
import type { Settlement } from '../src/ir/settlement.ts'
import { systemClock } from '../src/lib/clock.ts'
import { usageReport } from '../src/operations/usage/usage-report.ts'
import { readUsageQuery, type UsageParameters } from '../src/operations/usage/usage-query.ts'
import { openSqliteLedger } from '../src/state/ledger/sqlite.ts'
import type { LedgerStore } from '../src/state/ledger/store.ts'

const MOST_QUERY_MS = 300
const MOST_PRUNE_MB = 50
const PRUNED = 1_000_000
const DAYS = 30
const BATCH = 2_000
const END = Date.UTC(2026, 5, 30)
const START = END - DAYS * 86_400_000

const rows = Number(process.argv[2] ?? 10_000_000)
const folder = mkdtempSync(join(tmpdir(), 'switchback-measure-'))
const path = join(folder, 'state.db')
let failed = false

/** A team of 200 keys that uses 8 models at 3 providers, evenly over 30 days; every tenth call opens a session. */
function settlement(index: number): Settlement {
  const at = START + Math.floor((index / rows) * (END - START))
  const [key, model] = [(index * 7_919) % 200, (index * 104_729) % 8]
  return {
    kind: 'settlement',
    id: `req_${at.toString(16).padStart(12, '0')}${index.toString(16).padStart(20, '0')}.0` as AttemptId,
    at,
    party: {
      provider: `provider-${model % 3}`,
      model: `model-${model}`,
      account: 'main',
      tenant: `tenant-${key % 5}`,
      owner: `owner-${key % 50}`,
      key: `key_${key}`,
    },
    session: `session-${Math.floor(index / 10)}`,
    purpose: 'answer',
    outcome: 'success',
    streamed: true,
    latency_ms: 1_200,
    usage: { inputTokens: 20_000, cacheReadTokens: 18_000, outputTokens: 400, reasoningTokens: 100 },
    complete: true,
    nanos: 13_650_000,
    price: { source: 'genai-prices', version: '0.1.8' },
    lines: [
      ['cacheRead', 18_000, 300_000_000],
      ['input', 2_000, 3_000_000_000],
      ['output', 400, 15_000_000_000],
    ],
    saved_nanos: 48_600_000,
  }
}

async function fill(store: LedgerStore): Promise<void> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  for (let from = 0; from < rows; from += BATCH)
    await store.write(Array.from({ length: Math.min(BATCH, rows - from) }, (_unused, offset) => settlement(from + offset)))
  const { user, system } = process.cpuUsage(cpu)
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  const megabytes = Math.round(statSync(path).size / 1e6)
  console.log(`filled    ${rows} rows in ${seconds} s, ${((user + system) / rows).toFixed(1)} µs CPU a row, ${megabytes} MB`)
}

/** The slowest of five runs, and the longest time in which nothing else could run. */
async function measureQuery(store: LedgerStore, name: string, parameters: UsageParameters): Promise<void> {
  let slowest = 0
  let pause = 0
  let groups = 0
  for (let run = 0; run < 5; run++) {
    let ticked = performance.now()
    const ticking = setInterval(() => {
      pause = Math.max(pause, performance.now() - ticked)
      ticked = performance.now()
    }, 1)
    const started = performance.now()
    const report = await usageReport(store, readUsageQuery(parameters, END))
    slowest = Math.max(slowest, performance.now() - started)
    clearInterval(ticking)
    groups = report.series?.length ?? report.groups?.length ?? 1
  }
  const verdict = slowest < MOST_QUERY_MS ? 'ok  ' : 'FAIL'
  if (slowest >= MOST_QUERY_MS) failed = true
  console.log(
    `${verdict} ${name.padEnd(32)} ${slowest.toFixed(0).padStart(5)} ms, longest pause ${pause.toFixed(0)} ms, ${groups} lines`,
  )
}

async function measureEvents(store: LedgerStore): Promise<void> {
  const started = performance.now()
  const { entries, next } = await store.entries({ limit: 100, tenant: 'tenant-1' })
  await store.entries({ limit: 100, tenant: 'tenant-1', cursor: next })
  console.log(
    `     two pages of entries of a tenant ${(performance.now() - started).toFixed(0)} ms, ${entries.length} lines each`,
  )
}

async function measurePruning(store: LedgerStore): Promise<void> {
  Bun.gc(true)
  const before = process.memoryUsage().rss
  let highest = before
  const watching = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 5)
  const started = performance.now()
  const until = START + Math.ceil((PRUNED / rows) * (END - START))
  const deleted = await store.prune({ entries: Math.min(until, END) })
  clearInterval(watching)
  const grown = (highest - before) / 1e6
  const verdict = grown < MOST_PRUNE_MB ? 'ok  ' : 'FAIL'
  if (grown >= MOST_PRUNE_MB) failed = true
  console.log(
    `${verdict} pruned ${deleted} rows in ${((performance.now() - started) / 1000).toFixed(1)} s, RSS grew by ${grown.toFixed(1)} MB`,
  )
}

try {
  const store = openSqliteLedger({ path, clock: systemClock })
  await fill(store)
  await measureQuery(store, 'totals of 30 days', {})
  await measureQuery(store, '30 days by model', { group_by: 'model' })
  await measureQuery(store, '30 days by key', { group_by: 'key' })
  await measureQuery(store, '30 days by day and provider', { group_by: 'provider', interval: 'day' })
  await measureQuery(store, '30 days by owner, key and model', { group_by: 'owner,key,model' })
  await measureQuery(store, 'one key, 30 days by day', { key: 'key_7', interval: 'day' })
  await measureQuery(store, '24 hours by hour', { since: String(END - 86_400_000), interval: 'hour' })
  await measureQuery(store, 'sessions of the last hour', { since: String(END - 3_600_000), group_by: 'session' })
  await measureEvents(store)
  await measurePruning(store)
  await store.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(failed ? 1 : 0)
