import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock as clock } from '../../lib/clock.ts'
import { bodyOf, revisionStoreConformance } from './conformance.ts'
import { openSqliteRevisions } from './sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchback-revisions-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const newPath = (): string => join(folder, `${(files += 1)}.db`)

revisionStoreConformance('SQLite', () => {
  const path = newPath()
  return { open: () => openSqliteRevisions({ path, clock }) }
})

describe('revisions in an SQLite file', () => {
  test('outlive the process, and their numbers go on', async () => {
    const path = newPath()
    const first = openSqliteRevisions({ path, clock })
    await first.note(bodyOf('one'), 1)
    await first.publish({ revision: 1, at: 2, by: 'alice', note: undefined })
    await first.close()
    expect(await first.note(bodyOf('two'), 3).catch((error: unknown) => error)).toMatchObject({ code: 'state_unavailable' })
    const second = openSqliteRevisions({ path, clock })
    expect(await second.published()).toMatchObject({ revision: 1, by: 'alice' })
    expect(await second.note(bodyOf('two'), 4)).toBe(2)
    await second.close()
  })
})
