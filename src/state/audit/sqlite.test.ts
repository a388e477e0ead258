import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditStoreConformance } from './conformance.ts'
import { openSqliteAudit } from './sqlite.ts'
import type { AuditEntry } from './store.ts'

const clock = { wall: () => 1_700_000_000_000 }
const ENTRY: AuditEntry = { at: 1, action: 'x', outcome: 'done', actor: { kind: 'gateway' }, source: { via: 'http' } }

auditStoreConformance('SQLite', () => openSqliteAudit({ path: ':memory:', clock }))

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
const newPath = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-audit-'))
  folders.push(folder)
  return join(folder, 'state.sqlite')
}

test('an audit in a file outlives the process, and its numbers are never used twice', async () => {
  const path = newPath()
  const first = openSqliteAudit({ path, clock })
  await first.append(ENTRY)
  await first.prune(2)
  await first.close()
  const second = openSqliteAudit({ path, clock })
  await second.append(ENTRY)
  expect(await second.list()).toEqual([{ ...ENTRY, sequence: 2 }])
  await second.close()
})

test('an entry that cannot be kept is told', async () => {
  const path = newPath()
  const store = openSqliteAudit({ path, clock })
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  expect(await store.append(ENTRY).catch((error: Error) => error.message)).toMatch(/What cannot be audited is not done/)
  other.exec('ROLLBACK')
  other.close()
  expect(await store.list()).toEqual([])
  await store.close()
})

test('many entries are forgotten in batches', async () => {
  const store = openSqliteAudit({ path: ':memory:', clock })
  for (let at = 0; at < 2_500; at++) await store.append({ ...ENTRY, at })
  expect(await store.prune(2_400)).toBe(2_400)
  expect(await store.list()).toHaveLength(100)
  await store.close()
})
