import { existsSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { KNOWN_SCHEMAS } from '../../state/known-schemas.ts'
import { SPOOL_SUFFIX } from '../../state/ledger/open.ts'
import { openToRead, reasonOf, stateFile, type StatePlace } from './state-file.ts'

/** A part of the state and its version. `current` fits this program, `older` is migrated at the next start, `newer` is refused. */
export interface SchemaState {
  readonly part: string
  readonly version: number
  readonly state: 'current' | 'older' | 'newer' | 'unknown'
}

export interface StateCheck {
  readonly ok: boolean
  readonly file: string
  readonly bytes: number
  /** Of the log that is not folded back into the file yet. */
  readonly log_bytes: number
  /** Of ledger entries that wait in their local file. */
  readonly spool_bytes: number
  readonly schemas: readonly SchemaState[]
  /** What is wrong, in words that say what to do. */
  readonly problems: readonly string[]
}

/** Looks whether the state file is whole and of a version that this program can use. Reads all of it; changes nothing. */
export function checkState(place: StatePlace): StateCheck {
  const file = stateFile(place)
  const database = openToRead(file)
  let schemas: SchemaState[]
  try {
    schemas = schemasOf(database)
  } finally {
    database.close()
  }
  const newer = schemas.filter(({ state }) => state === 'newer' || state === 'unknown')
  const problems = [
    ...(schemas.length === 0 ? [`${file} is no database of Switchback.`] : []),
    ...newer.map(
      ({ part, version }) =>
        `The part ${part} (version ${version}) was written by a newer Switchback. Run that version or a later one, or restore a backup.`,
    ),
    ...faultsOf(file).map((fault) => `The file is damaged: ${fault}. Restore a backup.`),
  ]
  return {
    ok: problems.length === 0,
    file,
    bytes: statSync(file).size,
    log_bytes: sizeOf(`${file}-wal`),
    spool_bytes: sizeOf(`${file}${SPOOL_SUFFIX}`),
    schemas,
    problems,
  }
}

/** What SQLite finds wrong with a file, the first ten things; nothing when it is whole. */
export function faultsOf(path: string): string[] {
  const database = openToRead(path)
  try {
    const rows = database.prepare('PRAGMA integrity_check(10)').all()
    return rows.map((row) => String(row['integrity_check'])).filter((line) => line !== 'ok')
  } catch (error) {
    return [reasonOf(error)]
  } finally {
    database.close()
  }
}

function schemasOf(database: DatabaseSync): SchemaState[] {
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'").get()
  if (table === undefined) return []
  return database
    .prepare('SELECT domain, max(version) AS version FROM schema_version GROUP BY domain ORDER BY domain')
    .all()
    .map((row) => {
      const [part, version] = [String(row['domain']), Number(row['version'])]
      return { part, version, state: stateOf(version, Object.hasOwn(KNOWN_SCHEMAS, part) ? KNOWN_SCHEMAS[part] : undefined) }
    })
}

function stateOf(version: number, known: number | undefined): SchemaState['state'] {
  if (known === undefined) return 'unknown'
  return version === known ? 'current' : version < known ? 'older' : 'newer'
}

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0)
