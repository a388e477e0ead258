import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock.ts'
import { exampleRecord, packWhole, recordStoreConformance, unpackWhole } from './conformance.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { RECORD_MIGRATIONS } from './migrations.ts'
import { openSqliteRecords } from './sqlite.ts'

const ignore = (): void => undefined

recordStoreConformance('SQLite', () =>
  openSqliteRecords({ path: ':memory:', clock: systemClock, warn: ignore, unpack: unpackWhole }),
)

describe('an SQLite file', () => {
  const folders: string[] = []
  const newPath = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-records-'))
    folders.push(folder)
    return join(folder, 'state.sqlite')
  }
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  test('keeps records over a restart', async () => {
    const path = newPath()
    const first = openSqliteRecords({ path, clock: systemClock, warn: ignore, unpack: unpackWhole })
    first.append(packWhole(exampleRecord({ request_id: 'req_kept' })))
    await first.close()
    const second = openSqliteRecords({ path, clock: systemClock, warn: ignore, unpack: unpackWhole })
    expect((await second.get('req_kept'))?.request_id).toBe('req_kept')
    await second.close()
  })

  test('can be read by another connection while it is written', async () => {
    const path = newPath()
    const writer = openSqliteRecords({ path, clock: systemClock, warn: ignore, unpack: unpackWhole })
    writer.append(packWhole(exampleRecord({ request_id: 'req_seen' })))
    await writer.flush()
    const reader = openSqliteRecords({ path, clock: systemClock, warn: ignore, unpack: unpackWhole, readOnly: true })
    expect((await reader.get('last'))?.request_id).toBe('req_seen')
    await reader.close()
    await writer.close()
  })

  test('written by a newer version is refused with what to do', async () => {
    const path = newPath()
    await openSqliteRecords({ path, clock: systemClock, warn: ignore, unpack: unpackWhole }).close()
    const database = new DatabaseSync(path)
    database.exec("INSERT INTO schema_version VALUES ('records', 99, 0)")
    database.close()
    expect(() => openSqliteRecords({ path, clock: systemClock, warn: ignore, unpack: unpackWhole })).toThrow(
      /newer Switchback \(records schema 99.*--data-dir/,
    )
  })

  test('that is no database is refused, naming it', () => {
    const path = newPath()
    writeFileSync(path, 'this is not a database, whatever its name says'.repeat(40))
    expect(() => openSqliteRecords({ path, clock: systemClock, warn: ignore, unpack: unpackWhole })).toThrow(
      /state\.sqlite cannot be opened/,
    )
  })

  test('locked by somebody else keeps the records in memory, warns once and catches up', async () => {
    const path = newPath()
    const warnings: string[] = []
    let now = 0
    const clock = { ...systemClock, now: () => now }
    const store = openSqliteRecords({ path, clock, warn: (message) => warnings.push(message), unpack: unpackWhole })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    store.append(packWhole(exampleRecord({ request_id: 'req_waiting' })))
    await store.flush()
    now += 10_000
    await store.flush()
    expect(warnings).toHaveLength(1)
    other.exec('COMMIT')
    other.close()
    now += 10_000
    expect((await store.get('req_waiting'))?.request_id).toBe('req_waiting')
    expect(warnings).toHaveLength(2)
    await store.close()
  })
})

describe('a file of an earlier version', () => {
  test('keeps its records when a row holds a batch', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-records-'))
    try {
      const path = join(folder, 'state.sqlite')
      const old = openSqliteDatabase({ path, domain: 'records', migrations: RECORD_MIGRATIONS.slice(0, 1), appliedAt: 0 })
      const insert = old.prepare(
        'INSERT INTO request_records (request_id, started_at, model, status, session_id, tenant, record) VALUES (?, ?, ?, ?, ?, ?, ?)',
      )
      for (const [id, startedAt] of [
        ['req_a', 5],
        ['req_b', 9],
      ] as const) {
        const record = exampleRecord({ request_id: id, started_at: startedAt, session_id: 's' })
        insert.run(id, startedAt, record.requested_model, 200, 's', null, JSON.stringify(record))
      }
      old.close()
      const store = openSqliteRecords({ path, clock: systemClock, warn: ignore, unpack: unpackWhole })
      expect((await store.list({ sessionId: 's' })).map((summary) => summary.request_id)).toEqual(['req_b', 'req_a'])
      expect((await store.get('req_a'))?.started_at).toBe(5)
      await store.close()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('batches', () => {
  test('overlap in time, and lists, cursors and pruning still see one order', async () => {
    const store = openSqliteRecords({ path: ':memory:', clock: systemClock, warn: ignore, unpack: unpackWhole })
    const ids: { id: string; startedAt: number }[] = []
    // Each batch holds a few calls of its own time and one that began long before.
    for (let batch = 0; batch < 60; batch++) {
      for (const startedAt of [batch * 10 + 3, batch * 10 + 7, Math.max(0, batch * 10 - 250)]) {
        const id = `req_${String(ids.length).padStart(6, '0')}`
        ids.push({ id, startedAt })
        store.append(packWhole(exampleRecord({ request_id: id, started_at: startedAt })))
      }
      await store.flush()
    }
    const expected = ids.toReversed().sort((left, right) => right.startedAt - left.startedAt)
    const seen: string[] = []
    for (let before: string | undefined; ; before = seen.at(-1)) {
      const page = await store.list({ limit: 7, before })
      if (page.length === 0) break
      seen.push(...page.map((summary) => summary.request_id))
    }
    expect(seen).toEqual(expected.map(({ id }) => id))
    const older = ids.filter(({ startedAt }) => startedAt < 300).length
    expect(await store.prune(300)).toBe(older)
    expect(await store.list({ limit: 1000 })).toHaveLength(ids.length - older)
    await store.close()
  })
})
