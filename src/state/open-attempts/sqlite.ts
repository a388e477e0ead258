import type { LostAttempt } from '../../ir/settlement.ts'
import type { Clock } from '../../lib/clock.ts'
import type { StoreWarning } from '../records/store.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { inTransaction } from '../sqlite-transaction.ts'
import { readNote } from './read-note.ts'
import type { OpenAttempts } from './store.ts'

/** As long as records may wait: of an attempt that is younger a process that is killed leaves nothing. */
const FLUSH_MS = 250

/** Schema of the notes, one SQL text a version. */
export const OPEN_ATTEMPT_MIGRATIONS: readonly string[] = [
  'CREATE TABLE open_attempts (id TEXT PRIMARY KEY, note TEXT NOT NULL) STRICT, WITHOUT ROWID;',
]

export interface SqliteOpenAttemptsOptions {
  /** File path. The file may hold other parts of the state. */
  readonly path: string
  readonly clock: Pick<Clock, 'every' | 'wall'>
  /** Told once at the start of an outage of the file. */
  readonly warn: StoreWarning
}

/**
 * Notes in an SQLite file, written every 250 ms: of calls that are shorter nothing reaches the disk. The file belongs to one process, so that what
 * it holds when it is opened is of one that is gone. Throws `state_unavailable` or `state_incompatible`.
 */
export function openSqliteOpenAttempts({ path, clock, warn }: SqliteOpenAttemptsOptions): OpenAttempts {
  const database = openSqliteDatabase({
    path,
    domain: 'open_attempts',
    migrations: OPEN_ATTEMPT_MIGRATIONS,
    appliedAt: clock.wall(),
  })
  const insert = database.prepare('INSERT OR IGNORE INTO open_attempts (id, note) VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM open_attempts WHERE id = ?')
  const orphans = new Map(database.prepare('SELECT note FROM open_attempts').all().flatMap(noteOf))
  /** Noted, and not on the disk. */
  const fresh = new Map<string, LostAttempt>()
  const onDisk = new Set<string>()
  let gone: string[] = []
  let isDown = false

  const write = (): void => {
    if (fresh.size === 0 && gone.length === 0) return
    inTransaction(database, () => {
      for (const id of gone) remove.run(id)
      for (const [id, note] of fresh) insert.run(id, JSON.stringify(note))
    })
    for (const id of gone) onDisk.delete(id)
    for (const id of fresh.keys()) onDisk.add(id)
    gone = []
    fresh.clear()
  }
  const flush = (): void => {
    try {
      write()
      isDown = false
    } catch (error) {
      if (!isDown) warn('attempts under way cannot be noted; should this process die, they are missing in the ledger', { error })
      isDown = true
    }
  }
  const stop = clock.every(FLUSH_MS, flush)
  return {
    begun: (note) => void fresh.set(note.id, note),
    kept(ids) {
      for (const id of ids) if (!fresh.delete(id) && onDisk.has(id)) gone.push(id)
    },
    orphans: async () => [...orphans.values()],
    async buried(ids) {
      for (const id of ids) if (orphans.delete(id)) gone.push(id)
      write()
    },
    async close() {
      stop()
      flush()
      if (database.isOpen) database.close()
    },
  }
}

function noteOf(row: Readonly<Record<string, unknown>>): [string, LostAttempt][] {
  const note = readNote(row['note'])
  return note === undefined ? [] : [[note.id, note]]
}
