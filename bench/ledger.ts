/**
 * How fast reports are over a large ledger, and what deleting from it costs: `tools/bun bench/ledger.ts [entries]`, ten million when it is not said,
 * which takes some minutes and a gigabyte of disk. Times are CPU time of the process, so that others on the machine do not count. Ends with 1 when a
 * report takes longer or pruning more memory than is allowed.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asAccountId, asTenantId, type AttemptId } from '../src/ir/ids.ts'
import type { LedgerParty, Settlement } from '../src/ir/settlement.ts'
import { systemClock } from '../src/lib/clock.ts'
import { openSqliteLedger } from '../src/state/ledger/sqlite.ts'
import type { LedgerStore, RollupQuery } from '../src/state/ledger/store.ts'
import { DAY_MS } from '../src/state/ledger/time-range.ts'

const DEFAULT_ENTRIES = 10_000_000
const BATCH = 1_000
const DAYS = 90
const PRUNED = 1_000_000
const MOST_QUERY_MS = 300
const MOST_RSS_MIB = 50
const START = Date.UTC(2026, 0, 1)
const MIB = 2 ** 20

/** Two hundred: twenty tenants with ten models each. */
const PARTIES: readonly LedgerParty[] = Array.from({ length: 200 }, (_unused, index) => ({
  provider: index % 3 === 0 ? 'openai' : 'anthropic',
  model: `model-${index % 10}`,
  account: asAccountId('main'),
  tenant: asTenantId(`tenant-${index % 20}`),
  key: `key_${index}`,
}))

const settlementAt = (index: number, entries: number): Settlement => ({
  kind: 'settlement',
  id: `req_${index.toString(16).padStart(32, '0')}.0` as AttemptId,
  at: START + Math.floor((index / entries) * DAYS * DAY_MS),
  party: PARTIES[(index * 7) % PARTIES.length]!,
  session: undefined,
  purpose: 'answer',
  outcome: index % 50 === 0 ? 'failed' : 'success',
  streamed: true,
  latency_ms: 900 + (index % 400),
  usage: { inputTokens: 20_000 + (index % 1_000), outputTokens: 400 + (index % 300), cacheReadTokens: 15_000 },
  complete: true,
  nanos: 40_000_000 + (index % 10_000),
  price: { source: 'override', version: 'v1' },
  lines: [['input', 5_000, 3_000_000_000]],
  saved_nanos: 1_000,
})

const QUERIES: Readonly<Record<string, Omit<RollupQuery, 'since' | 'until'>>> = {
  'the sum of all': { groupBy: [], filter: {} },
  'by model': { groupBy: ['model'], filter: {} },
  'by tenant and model': { groupBy: ['tenant', 'model'], filter: {} },
  'of a tenant by day': { groupBy: ['model'], interval: 'day', filter: { tenant: 'tenant-3' } },
}

async function fill(store: LedgerStore, entries: number): Promise<void> {
  for (let from = 0; from < entries; from += BATCH) {
    const size = Math.min(BATCH, entries - from)
    await store.write(Array.from({ length: size }, (_unused, index) => settlementAt(from + index, entries)))
  }
}

async function slowestOf(store: LedgerStore): Promise<number> {
  let slowest = 0
  for (const [name, query] of Object.entries(QUERIES)) {
    const times: number[] = []
    for (let turn = 0; turn < 5; turn++) {
      const began = process.cpuUsage()
      // Not whole days at either end.
      const rows = await store.rollups({ ...query, since: START + 5 * 3_600_000, until: START + DAYS * DAY_MS - 7 * 3_600_000 })
      if (rows.length === 0) throw new Error(`nothing was found: ${name}`)
      const { user, system } = process.cpuUsage(began)
      times.push((user + system) / 1_000)
    }
    const median = times.toSorted((left, right) => left - right)[2] ?? Number.POSITIVE_INFINITY
    slowest = Math.max(slowest, median)
    console.log(`${name}: ${median.toFixed(1)} ms`)
  }
  return slowest
}

/** MiB that the process grew by at most while old entries were deleted. */
async function pruningGrowth(store: LedgerStore, entries: number): Promise<number> {
  Bun.gc(true)
  const before = process.memoryUsage.rss()
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5)
  const share = Math.min(1, PRUNED / entries)
  const pruned = await store.prune({ entries: START + share * DAYS * DAY_MS })
  clearInterval(watch)
  const growth = (Math.max(most, process.memoryUsage.rss()) - before) / MIB
  console.log(`${pruned} entries deleted: ${growth.toFixed(1)} MiB`)
  return growth
}

const entries = Number(process.argv[2] ?? DEFAULT_ENTRIES)
const folder = mkdtempSync(join(tmpdir(), 'switchback-ledger-bench-'))
try {
  const path = join(folder, 'ledger.db')
  const store = openSqliteLedger({ path, clock: systemClock })
  const began = performance.now()
  await fill(store, entries)
  const seconds = (performance.now() - began) / 1_000
  console.log(`${entries} entries in ${seconds.toFixed(0)} s, ${(statSync(path).size / MIB).toFixed(0)} MiB`)
  const slowest = await slowestOf(store)
  const growth = await pruningGrowth(store, entries)
  await store.close()
  if (slowest > MOST_QUERY_MS || growth > MOST_RSS_MIB) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
