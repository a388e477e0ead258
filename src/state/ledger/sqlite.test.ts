import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock.ts'
import { exampleParty, exampleSettlement, ledgerConformance, TEN } from './conformance.ts'
import { openSqliteLedger } from './sqlite.ts'

ledgerConformance('SQLite', () => openSqliteLedger({ path: ':memory:', clock: systemClock }))

describe('an SQLite file', () => {
  const folders: string[] = []
  const newPath = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-ledger-'))
    folders.push(folder)
    return join(folder, 'state.sqlite')
  }
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  test('keeps its entries over a restart and knows their ids again', async () => {
    const path = newPath()
    const first = openSqliteLedger({ path, clock: systemClock })
    await first.write([exampleSettlement('req_a.0')])
    await first.close()
    const second = openSqliteLedger({ path, clock: systemClock, required: true })
    expect(await second.write([exampleSettlement('req_a.0')])).toEqual({ written: 0, duplicates: 1 })
    await second.close()
  })

  test('that another process writes to is read without being changed', async () => {
    const path = newPath()
    const writer = openSqliteLedger({ path, clock: systemClock })
    await writer.write([exampleSettlement('req_a.0')])
    const reader = openSqliteLedger({ path, clock: systemClock, readOnly: true })
    expect((await reader.entries({})).entries).toHaveLength(1)
    expect(reader.write([exampleSettlement('req_b.0')])).rejects.toThrow(/readonly/)
    await reader.close()
    await writer.close()
  })

  test('written by a newer version is refused with what to do', async () => {
    const path = newPath()
    await openSqliteLedger({ path, clock: systemClock }).close()
    const database = new DatabaseSync(path)
    database.exec("INSERT INTO schema_version VALUES ('ledger', 99, 0)")
    database.close()
    expect(() => openSqliteLedger({ path, clock: systemClock })).toThrow(/newer Switchback \(ledger schema 99.*--data-dir/)
  })

  test('writes a batch whole or not at all', async () => {
    const path = newPath()
    const store = openSqliteLedger({ path, clock: systemClock })
    const broken = exampleSettlement('req_b.0', { party: { ...exampleParty, provider: null as unknown as string } })
    expect(store.write([exampleSettlement('req_a.0'), broken])).rejects.toThrow(/NOT NULL/)
    expect((await store.entries({})).entries).toEqual([])
    expect(await store.write([exampleSettlement('req_a.0')])).toEqual({ written: 1, duplicates: 0 })
    expect(await store.rollups({ since: TEN, until: TEN + 3_600_000, groupBy: ['provider'], filter: {} })).toMatchObject([
      { names: { provider: 'acme' }, sums: { attempts: 1n } },
    ])
    await store.close()
  })

  test('forgets names that nothing refers to, and knows them anew when they come again', async () => {
    const path = newPath()
    const store = openSqliteLedger({ path, clock: systemClock })
    const old = { ...exampleParty, model: 'old' }
    await store.write([exampleSettlement('req_a.0', { party: old, at: TEN - 86_400_000 }), exampleSettlement('req_b.0')])
    await store.prune({ entries: TEN, rollups: TEN })
    const database = new DatabaseSync(path, { readOnly: true })
    expect(database.prepare('SELECT model FROM ledger_parties').all()).toEqual([{ model: 'large' }])
    database.close()
    await store.write([exampleSettlement('req_c.0', { party: old })])
    expect((await store.entries({ model: 'old' })).entries.map(({ id }) => id)).toEqual(['req_c.0'])
    await store.close()
  })

  test('sums of nano-dollars beyond a safe integer stay exact', async () => {
    const store = openSqliteLedger({ path: newPath(), clock: systemClock })
    const nanos = Number.MAX_SAFE_INTEGER
    await store.write([1, 2, 3].map((index) => exampleSettlement(`req_${index}.0`, { nanos, at: TEN + index * 3_600_000 })))
    const [total] = await store.rollups({ since: TEN, until: TEN + 86_400_000, groupBy: [], filter: {} })
    expect(total?.sums.settled_nanos).toBe(BigInt(nanos) * 3n)
    await store.close()
  })
})
