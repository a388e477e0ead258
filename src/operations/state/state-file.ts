import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { SharedStateSettings } from '../../state/state.schema.ts'
import { STATE_FILE } from '../../state/records/open.ts'

/** Where the state is: a data directory, or the file that the configuration names. */
export interface StatePlace {
  readonly dataDir: string
  readonly store: string | undefined
  /** Set when the state is in a database that several gateways share. */
  readonly shared?: SharedStateSettings | undefined
}

/** The path of the state file. Throws `state_unavailable` when there is none. */
export function stateFile({ dataDir, store, shared }: StatePlace): string {
  if (shared !== undefined) throw inDatabase(shared)
  const path = store ?? join(dataDir, STATE_FILE)
  if (path === 'memory')
    throw new GatewayError(
      'state_unavailable',
      'This gateway keeps its state in memory only (state.store: memory): there is no file.',
    )
  if (existsSync(path)) return path
  throw new GatewayError(
    'state_unavailable',
    `There is no state yet: ${path} does not exist. Name another place with --data-dir or --config.`,
  )
}

function inDatabase({ postgres: { host, port, user, database, schema } }: SharedStateSettings): GatewayError {
  return new GatewayError(
    'state_unavailable',
    `This configuration keeps its state in PostgreSQL, whose own tools copy it while gateways run: pg_dump --host ${host} --port ${port} --username ${user} --schema ${schema} --format custom --file switchback.dump ${database}. What Redis holds needs no copy.`,
  )
}

/** Opens the file for reading beside a gateway that may be writing to it. Throws `state_unavailable`. */
export function openToRead(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { readOnly: true })
    database.exec('PRAGMA busy_timeout = 5000')
    database.prepare('SELECT count(*) FROM sqlite_master').get()
    return database
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

const unreadable = (path: string, cause: unknown): GatewayError =>
  new GatewayError(
    'state_unavailable',
    `The database ${path} cannot be read: ${reasonOf(cause)}. Check the file and its rights.`,
    { cause },
  )

export const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
