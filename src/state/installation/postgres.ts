import { randomBytes } from 'node:crypto'
import type { PostgresDomain } from '../postgres/migrate.ts'
import type { Postgres } from '../postgres/postgres.ts'

/** What all gateways of an installation agree upon, by name. Drawn by the first that asks, and never changed. */
export const POSTGRES_INSTALLATION: PostgresDomain = {
  name: 'installation',
  migrations: [{ worksWith: 1, sql: 'CREATE TABLE installation (name text PRIMARY KEY, value text NOT NULL)' }],
}

const SALT = 'session_salt'

/** The salt of hashes by which conversations are recognised: the same for all gateways on the database. Rejects with `state_unavailable`. */
export async function sharedSessionSalt(database: Pick<Postgres, 'query'>): Promise<string> {
  await database.query('INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING', [
    SALT,
    freshSalt(),
  ])
  const [row] = await database.query('SELECT value FROM installation WHERE name = $1', [SALT])
  return String(row?.['value'])
}

/** Unguessable. */
export const freshSalt = (): string => randomBytes(16).toString('hex')
