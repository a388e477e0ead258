import { afterEach, describe, expect, test } from 'bun:test'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock.ts'
import { unpackRecord } from '../../engine/record/unpack-record.ts'
import { openSqliteArchive } from '../../state/archive/sqlite.ts'
import { openDisables } from '../../state/disables/open.ts'
import { exampleSettlement } from '../../state/ledger/conformance.ts'
import { openSqliteLedger } from '../../state/ledger/sqlite.ts'
import { backupState } from './backup-state.ts'
import { checkState } from './check-state.ts'
import { exportState } from './transfer-state.ts'

const folders: string[] = []
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-state-'))
  folders.push(folder)
  return folder
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function written(count = 1) {
  const dataDir = newFolder()
  const path = join(dataDir, 'switchback.db')
  const ledger = openSqliteLedger({ path, clock: systemClock })
  await ledger.write(Array.from({ length: count }, (_unused, index) => exampleSettlement(`req_${index}.0`)))
  return { dataDir, path, ledger, place: { dataDir, store: undefined } }
}

describe('a backup', () => {
  test('of a file that is being written to holds everything so far, and the writer goes on', async () => {
    const { place, ledger, dataDir } = await written(3)
    const to = join(dataDir, 'copy.db')
    const result = backupState(place, to)
    expect(result).toMatchObject({ to, from: join(dataDir, 'switchback.db') })
    expect(result.bytes).toBeGreaterThan(0)
    await ledger.write([exampleSettlement('req_late.0')])
    await ledger.close()
    const copy = openSqliteLedger({ path: to, clock: systemClock })
    expect((await copy.entries({})).entries.map(({ id }) => id)).toEqual(['req_2.0', 'req_1.0', 'req_0.0'])
    expect(await copy.write([exampleSettlement('req_2.0'), exampleSettlement('req_3.0')])).toEqual({ written: 1, duplicates: 1 })
    await copy.close()
  })

  test('holds what stands in files beside the state, and nothing where there are none', async () => {
    const { place, ledger, dataDir } = await written()
    expect(backupState(place, join(dataDir, 'bare.db'))).toMatchObject({ prices: undefined, certifications: undefined })
    for (const name of ['prices.json', 'certifications.json']) writeFileSync(join(dataDir, name), `{"of":"${name}"}`)
    const { prices, certifications } = backupState(place, join(dataDir, 'copy.db'))
    for (const [copied, name] of [
      [prices, 'prices.json'],
      [certifications, 'certifications.json'],
    ])
      expect(readFileSync(copied ?? '', 'utf8')).toBe(`{"of":"${name}"}`)
    await ledger.close()
  })

  test('replaces nothing and leaves nothing unfinished behind', async () => {
    const { place, ledger, dataDir } = await written()
    writeFileSync(join(dataDir, 'precious'), 'x')
    expect(() => backupState(place, join(dataDir, 'precious'))).toThrow(/exists already/)
    expect(() => backupState(place, join(dataDir, 'no', 'folder'))).toThrow(/cannot be written/)
    expect(readdirSync(dataDir).filter((name) => name.includes('unfinished'))).toEqual([])
    await ledger.close()
  })

  test('of nothing says where nothing is', () => {
    expect(() => backupState({ dataDir: newFolder(), store: undefined }, 'x')).toThrow(/does not exist/)
    expect(() => backupState({ dataDir: newFolder(), store: 'memory' }, 'x')).toThrow(/in memory only/)
    expect(existsSync('x')).toBe(false)
  })
})

describe('an export', () => {
  test('of a file of which any part is newer is refused, and leaves none behind', async () => {
    const { place, path, ledger, dataDir } = await written()
    await ledger.close()
    await openSqliteArchive({ path, readOnly: false, unpack: unpackRecord, appliedAt: 0 }).close()
    const database = new DatabaseSync(path)
    database.prepare('INSERT INTO schema_version (domain, version, applied_at) VALUES (?, ?, ?)').run('ledger', 99, 0)
    database.close()
    const to = join(dataDir, 'all.jsonl')
    const error = await exportState({ ...place, clock: systemClock }, to).catch((thrown: unknown) => thrown)
    expect(String(error)).toMatch(/newer Switchback \(ledger schema 99/)
    expect(existsSync(to)).toBe(false)
  })
})

describe('a check', () => {
  test('of a whole file tells its parts and their versions', async () => {
    const { place, path, ledger } = await written()
    await openDisables({ store: path, clock: systemClock }).close()
    expect(checkState(place)).toMatchObject({
      ok: true,
      problems: [],
      spool_bytes: 0,
      schemas: [
        { part: 'disables', state: 'current' },
        { part: 'ledger', state: 'current' },
      ],
    })
    await ledger.close()
  })

  test('tells a newer version, and what to do', async () => {
    const { place, path, ledger } = await written()
    await ledger.close()
    const database = new DatabaseSync(path)
    database.exec("INSERT INTO schema_version VALUES ('ledger', 99, 0), ('tomorrow', 1, 0)")
    database.close()
    const { ok, schemas, problems } = checkState(place)
    expect(ok).toBe(false)
    expect(schemas).toMatchObject([
      { part: 'ledger', version: 99, state: 'newer' },
      { part: 'tomorrow', state: 'unknown' },
    ])
    expect(problems[0]).toContain('Run that version or a later one')
  })

  test('tells a file that is damaged', async () => {
    const { place, path, ledger } = await written(2_000)
    await ledger.close()
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.alloc(4_000, 0x55), 0, 4_000, statSync(path).size - 16_384)
    closeSync(file)
    const { ok, problems } = checkState(place)
    expect(ok).toBe(false)
    expect(problems.join()).toMatch(/damaged.*Restore a backup/)
  })

  test('of a file that is no database says so', () => {
    const dataDir = newFolder()
    writeFileSync(join(dataDir, 'switchback.db'), 'this is a letter, not a database, and it is long enough to be told from one')
    expect(() => checkState({ dataDir, store: undefined })).toThrow(/cannot be read/)
  })
})
