import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock.ts'
import { exampleRecord, recordStoreConformance } from './conformance.ts'
import { openSqliteRecords } from './sqlite.ts'

const ignore = (): void => undefined

recordStoreConformance('SQLite', () => openSqliteRecords({ path: ':memory:', clock: systemClock, warn: ignore }))

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
    const first = openSqliteRecords({ path, clock: systemClock, warn: ignore })
    first.append(exampleRecord({ request_id: 'req_kept' }))
    await first.close()
    const second = openSqliteRecords({ path, clock: systemClock, warn: ignore })
    expect((await second.get('req_kept'))?.request_id).toBe('req_kept')
    await second.close()
  })

  test('can be read by another connection while it is written', async () => {
    const path = newPath()
    const writer = openSqliteRecords({ path, clock: systemClock, warn: ignore })
    writer.append(exampleRecord({ request_id: 'req_seen' }))
    await writer.flush()
    const reader = openSqliteRecords({ path, clock: systemClock, warn: ignore, readOnly: true })
    expect((await reader.get('last'))?.request_id).toBe('req_seen')
    await reader.close()
    await writer.close()
  })

  test('written by a newer version is refused with what to do', async () => {
    const path = newPath()
    await openSqliteRecords({ path, clock: systemClock, warn: ignore }).close()
    const database = new DatabaseSync(path)
    database.exec("INSERT INTO schema_version VALUES ('records', 99, 0)")
    database.close()
    expect(() => openSqliteRecords({ path, clock: systemClock, warn: ignore })).toThrow(
      /newer Switchback \(records schema 99.*--data-dir/,
    )
  })

  test('that is no database is refused, naming it', () => {
    const path = newPath()
    writeFileSync(path, 'this is not a database, whatever its name says'.repeat(40))
    expect(() => openSqliteRecords({ path, clock: systemClock, warn: ignore })).toThrow(/state\.sqlite cannot be opened/)
  })

  test('locked by somebody else keeps the records in memory, warns once and catches up', async () => {
    const path = newPath()
    const warnings: string[] = []
    let now = 0
    const clock = { ...systemClock, now: () => now }
    const store = openSqliteRecords({ path, clock, warn: (message) => warnings.push(message) })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    store.append(exampleRecord({ request_id: 'req_waiting' }))
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
