import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rotatedKeyStoreConformance } from './conformance.ts'
import { openSqliteRotatedKeys } from './sqlite.ts'

const clock = { wall: () => 1_700_000_000_000 }
const folder = mkdtempSync(join(tmpdir(), 'switchback-rotated-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

rotatedKeyStoreConformance('SQLite', () => openSqliteRotatedKeys({ path: ':memory:', clock }))

describe('rotated keys in an SQLite file', () => {
  test('outlive the process, and cannot be put once it is closed', async () => {
    const path = join(folder, 'state.sqlite')
    const key = { provider: 'p', account: 'a', sealed: 'AAAA', at: 5 }
    const first = openSqliteRotatedKeys({ path, clock })
    await first.put(key)
    await first.close()
    expect(await first.put(key).catch((error: unknown) => error)).toMatchObject({ code: 'state_unavailable' })
    const second = openSqliteRotatedKeys({ path, clock })
    expect(await second.list()).toEqual([key])
    await second.close()
  })
})
