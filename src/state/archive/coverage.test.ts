import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KNOWN_SCHEMAS } from '../known-schemas.ts'
import { SHARED_DOMAINS } from '../shared-domains.ts'
import { ARCHIVE_PARTS, LEDGER_ENTRIES } from './parts.ts'
import { openSqliteArchive } from './sqlite.ts'
import { LEDGER_BATCHES } from './sqlite-ledger.ts'

/**
 * What outlives a process is carried by archives, or the guide says that it is not. Whoever adds a store, a table, a column or a file finds it
 * missing here.
 */
const ROOT = join(import.meta.dir, '../../..')
const guide = readFileSync(join(ROOT, 'docs/guides/cluster.md'), 'utf8')
const STAYS = guide.slice(guide.indexOf('### What stays behind'))

/** Parts of the schema, and by which words the guide says that they stay. */
const STAYING_DOMAINS: Readonly<Record<string, string>> = {
  limits: 'What budgets have spent',
  open_attempts: 'Attempts under way',
  installation: 'The salt of sessions',
}

/** Files of the data directory as the sources name them: the part of an archive that holds them, or the words of the guide. */
const FILES: Readonly<Record<string, string>> = {
  STATE_FILE: 'ledger_entries',
  PRICE_FILE: 'prices',
  CERTIFICATION_FILE: 'certifications',
  FORMATS_FILE: '`formats.json`',
  LOGINS_FOLDER: '`logins/`',
  "'captures'": '`captures/`',
  'sharedFiles(worker': '`shared-<n>',
  '`${sharedFiles(0': '`shared-<n>',
}

const carried = new Set(ARCHIVE_PARTS.map(({ domain }) => domain))
const folder = mkdtempSync(join(tmpdir(), 'switchback-coverage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('archives', () => {
  test.each([...new Set([...SHARED_DOMAINS.map(({ name }) => name), ...Object.keys(KNOWN_SCHEMAS)])])(
    'carry the part %s, or the guide says that it stays',
    (name) => {
      const words = STAYING_DOMAINS[name]
      expect(carried.has(name)).toBe(words === undefined)
      expect(STAYS).toContain(words ?? '')
    },
  )

  test('hold every table and column of an SQLite file that is not made of others', async () => {
    const path = join(folder, 'all.db')
    await openSqliteArchive({ path, unpack: () => ({}) as never, appliedAt: 0, readOnly: false }).close()
    const database = new DatabaseSync(path, { readOnly: true })
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all()
    const held = ARCHIVE_PARTS.map((part) => (part === LEDGER_ENTRIES ? LEDGER_BATCHES : part.name))
    const MADE = ['schema_version', 'ledger_ids']
    for (const table of tables.map(({ name }) => String(name)).filter((name) => !MADE.includes(name))) {
      expect(held).toContain(table)
      const part = ARCHIVE_PARTS.find(({ name }) => name === table)
      if (part === undefined || part.name === 'record_batches') continue // packed as a whole
      const columns = database.prepare('SELECT name FROM pragma_table_info(?)').all(table)
      const left = columns.map(({ name }) => String(name)).filter((name) => !(name in part.columns))
      expect([table, left.filter((name) => name !== 'sequence')]).toEqual([table, []])
    }
    database.close()
  })

  test('hold every file of a data directory, or the guide says that it stays', async () => {
    const found = new Set<string>()
    for await (const path of new Bun.Glob('src/**/*.ts').scan({ cwd: ROOT })) {
      if (path.endsWith('.test.ts')) continue
      const text = await Bun.file(join(ROOT, path)).text()
      for (const [, name] of text.matchAll(/dataDir\??\.file\(([^)]+)\)/g)) found.add(name ?? '')
      for (const [, name] of text.matchAll(/join\([\w.]*dataDir, ([^),]+)\)/g)) found.add(name ?? '')
      for (const [, name] of text.matchAll(/export const (\w+_(?:FILE|FOLDER)) =/g))
        if (path.startsWith('src/state/')) found.add(name ?? '')
    }
    const named = [...found].filter((name) => !/^[a-z]\w*$/.test(name)) // a variable: its name stands where it is given
    expect(named.toSorted()).toEqual(Object.keys(FILES).toSorted())
    for (const words of Object.values(FILES))
      if (!ARCHIVE_PARTS.some(({ name }) => name === words)) expect(STAYS).toContain(words)
  })
})
