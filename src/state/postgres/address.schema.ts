import { Secret } from '../../lib/secret.ts'

/** Ways to secure a connection, named as PostgreSQL's own tools name them. */
const TLS_MODES = ['disable', 'require', 'verify-full'] as const
export type PostgresTls = (typeof TLS_MODES)[number]

const PARAMETERS: ReadonlySet<string> = new Set(['sslmode', 'sslrootcert', 'schema'])
const DEFAULT_SCHEMA = 'switchback'

/** Where a PostgreSQL database is, and how to get in. */
export interface PostgresAddress {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Secret | undefined
  /** `verify-full` by default, and none on this machine. */
  readonly tls: PostgresTls
  /** File with the certificates to trust, PEM, as it was written. */
  readonly certificates: string | undefined
  /** Schema that holds the tables. */
  readonly schema: string
}

export const isPostgresUrl = (text: string): boolean => /^postgres(ql)?:\/\//i.test(text)

/** What is wrong with an address, as what was expected; undefined when nothing is. Never repeats a part of it. */
export function postgresUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'a valid address: postgres://user:password@host:5432/database'
  const url = new URL(text)
  if (url.hostname === '') return 'an address with a host: postgres://user:password@host:5432/database'
  if (url.username === '') return 'an address with a user: postgres://user:password@host:5432/database'
  if (!/^\/[^/]+$/.test(url.pathname)) return 'an address that ends with a database: postgres://user:password@host:5432/database'
  for (const name of url.searchParams.keys())
    if (!PARAMETERS.has(name)) return 'only the parameters sslmode, sslrootcert and schema behind the database'
  const mode = url.searchParams.get('sslmode')
  if (mode !== null && !isTlsMode(mode)) return `sslmode to be one of ${TLS_MODES.join(', ')}`
  const schema = url.searchParams.get('schema')
  if (schema !== null && !/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    return 'a schema of at most 63 small letters, digits and underscores, not beginning with a digit'
  return undefined
}

/** Reads an address that `postgresUrlProblem` finds nothing wrong with. */
export function postgresAddressOf(text: string): PostgresAddress {
  const url = new URL(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const mode = url.searchParams.get('sslmode')
  return {
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    user: decodeURIComponent(url.username),
    password: url.password === '' ? undefined : new Secret(decodeURIComponent(url.password)),
    tls: mode !== null && isTlsMode(mode) ? mode : isThisMachine(host) ? 'disable' : 'verify-full',
    certificates: url.searchParams.get('sslrootcert') ?? undefined,
    schema: url.searchParams.get('schema') ?? DEFAULT_SCHEMA,
  }
}

const isTlsMode = (text: string): text is PostgresTls => (TLS_MODES as readonly string[]).includes(text)

const isThisMachine = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')
