import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteDisables } from '../disables/sqlite.ts'
import { aKey, aTenant, tenancyStoreConformance } from './conformance.ts'
import { openSqliteTenancy } from './sqlite.ts'
import type { TenancyEntity } from './store.ts'

const clock = { wall: () => 1_700_000_000_000 }

tenancyStoreConformance('SQLite', () => openSqliteTenancy({ path: ':memory:', clock }))

describe('tenancy in an SQLite file', () => {
  const folders: string[] = []
  const newPath = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-tenancy-'))
    folders.push(folder)
    return join(folder, 'state.sqlite')
  }
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  test('outlives the process, in a file that holds other state too', async () => {
    const path = newPath()
    const disables = openSqliteDisables({ path, clock })
    const first = openSqliteTenancy({ path, clock })
    await first.insert(aKey('sbk_1', { allowed: { models: ['m'] } }))
    await first.close()
    await disables.close()
    const second = openSqliteTenancy({ path, clock })
    expect(await second.get('key', 'sbk_1')).toEqual(aKey('sbk_1', { allowed: { models: ['m'] } }))
    await second.close()
  })

  test('says so when a change cannot be kept, and tells nobody of it', async () => {
    const path = newPath()
    const store = openSqliteTenancy({ path, clock })
    const told: TenancyEntity[] = []
    store.watch((change) => told.push(change))
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    expect(await store.insert(aTenant('acme')).catch((error: Error) => error.message)).toMatch(
      /cannot be read or changed in .*Nothing has changed/,
    )
    other.exec('ROLLBACK')
    other.close()
    expect(told).toEqual([])
    expect(await store.insert(aTenant('acme'))).toBe(true)
    await store.close()
    expect(await store.list('tenant').catch((error: Error) => error.message)).toMatch(/cannot be read/)
  })
})
