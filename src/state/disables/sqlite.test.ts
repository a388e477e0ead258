import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock.ts'
import { asAccountId, asProviderId } from '../../ir/ids.ts'
import { unpackWhole } from '../records/conformance.ts'
import { openSqliteRecords } from '../records/sqlite.ts'
import { disableStoreConformance } from './conformance.ts'
import { openSqliteDisables } from './sqlite.ts'
import type { DisableStore, DisableSubject } from './store.ts'

const START = 1_700_000_000_000
const P = asProviderId('p')
const MODEL: DisableSubject = { scope: 'model', provider: P, model: 'm' }
const ACCOUNT: DisableSubject = { scope: 'account', provider: P, account: asAccountId('a') }

disableStoreConformance('SQLite', () => {
  let time = START
  return { store: openSqliteDisables({ path: ':memory:', clock: { wall: () => time } }), advance: (ms) => void (time += ms) }
})

describe('disables in an SQLite file', () => {
  const folders: string[] = []
  const newPath = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-disables-'))
    folders.push(folder)
    return join(folder, 'state.sqlite')
  }
  const openAt = (path: string, time: number): DisableStore => openSqliteDisables({ path, clock: { wall: () => time } })
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  test('outlive the process, and end at their time all the same', async () => {
    const path = newPath()
    const first = openAt(path, START)
    await first.disable({ subject: MODEL, forMs: 60_000, reason: 'wrong answers', by: 'admin' })
    await first.disable({ subject: ACCOUNT, by: 'admin' })
    const seen = first.list()
    await first.close()
    const second = openAt(path, START + 30_000)
    expect(second.list()).toEqual(seen)
    expect(second.model(P, 'm')).toMatchObject({ reason: 'wrong answers', until: START + 60_000 })
    await second.close()
    const third = openAt(path, START + 60_000)
    expect(third.list().map(({ subject }) => subject)).toEqual([ACCOUNT])
    expect(await third.changes()).toHaveLength(2)
    await third.close()
  })

  test('an enabled subject stays enabled after a restart', async () => {
    const path = newPath()
    const first = openAt(path, START)
    await first.disable({ subject: MODEL, by: 'admin' })
    await first.enable({ subject: MODEL, by: 'admin' })
    await first.close()
    const second = openAt(path, START)
    expect(second.any).toBe(false)
    expect((await second.changes()).map(({ action }) => action)).toEqual(['enable', 'disable'])
    await second.close()
  })

  test('share a file with the records', async () => {
    const path = newPath()
    const records = openSqliteRecords({ path, clock: systemClock, warn: () => undefined, unpack: unpackWhole })
    const store = openAt(path, START)
    await store.disable({ subject: MODEL, by: 'admin' })
    expect(store.list()).toHaveLength(1)
    await store.close()
    await records.close()
  })

  test('an order that cannot be kept is refused and changes nothing', async () => {
    const path = newPath()
    const store = openAt(path, START)
    await store.disable({ subject: ACCOUNT, by: 'admin' })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    expect(store.disable({ subject: MODEL, by: 'admin' })).rejects.toThrow(/could not be kept in .*Nothing has changed/)
    expect(store.enable({ subject: ACCOUNT, by: 'admin' })).rejects.toThrow(/Nothing has changed/)
    expect(store.model(P, 'm')).toBeUndefined()
    expect(store.account(P, asAccountId('a'))).toBeDefined()
    other.exec('ROLLBACK')
    other.close()
    expect(await store.enable({ subject: ACCOUNT, by: 'admin' })).toBe(true)
    await store.close()
    expect(store.disable({ subject: MODEL, by: 'admin' })).rejects.toThrow(/could not be kept/)
  })
})
