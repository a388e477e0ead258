import { readFileSync } from 'node:fs'
import type { SQL } from 'bun'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { within } from '../../lib/within.ts'
import type { PostgresAddress } from './address.schema.ts'

export type PostgresValue = string | number | Uint8Array | null
export type PostgresRow = Readonly<Record<string, unknown>>
/** Runs one statement with `$1`, `$2` … for the values. */
export type PostgresQuery = (text: string, values?: readonly PostgresValue[]) => Promise<readonly PostgresRow[]>

export interface PostgresOptions {
  readonly address: PostgresAddress
  readonly clock: Pick<Clock, 'sleep'>
  /** Longest time for one call, in ms. Default 5 s. */
  readonly deadlineMs?: number | undefined
  /** Most connections. Default 6. */
  readonly connections?: number | undefined
  /** The server refuses every change. */
  readonly readOnly?: boolean | undefined
}

/**
 * A PostgreSQL database. Every call ends: with its answer, with the server's refusal, or with `state_unavailable` after its deadline.
 * Connections come back by themselves.
 */
export interface Postgres {
  /** Host, port and database, for messages. */
  readonly name: string
  readonly query: PostgresQuery
  /** Runs the work in a transaction: all of it or nothing. A longer deadline than usual holds for each of its statements too. */
  transaction<Result>(work: (query: PostgresQuery) => Promise<Result>, deadlineMs?: number): Promise<Result>
  /** Drops every connection; calls under way are refused. */
  close(): Promise<void>
}

const DEADLINE_MS = 5_000
const CONNECTIONS = 6
/** The server gives up on a statement so long before the deadline: then only the statement is lost, and not its connection. */
const HEAD_START_MS = 1_000
const LEAST_STATEMENT_MS = 100

/** Opens a pool; nothing is sent before the first call. Throws `state_unavailable` where there is no client for PostgreSQL. */
export function openPostgres(options: PostgresOptions): Postgres {
  if (typeof Bun === 'undefined')
    throw new GatewayError(
      'state_unavailable',
      'PostgreSQL is only supported when the gateway runs on Bun. Run it with Bun, or set state.store to a file or to memory.',
    )
  return new BunPostgres(options)
}

class BunPostgres implements Postgres {
  readonly name: string
  private readonly options: PostgresOptions
  private readonly deadlineMs: number
  private pool: SQL
  private closed = false

  constructor(options: PostgresOptions) {
    const { host, port, database } = options.address
    this.options = options
    this.deadlineMs = options.deadlineMs ?? DEADLINE_MS
    this.name = `PostgreSQL database ${database} at ${host}:${port}`
    this.pool = this.connect()
  }

  readonly query: PostgresQuery = (text, values = []) =>
    this.bounded((pool) => pool.unsafe(text, [...values]) as Promise<PostgresRow[]>, this.deadlineMs)

  transaction<Result>(work: (query: PostgresQuery) => Promise<Result>, deadlineMs = this.deadlineMs): Promise<Result> {
    return this.bounded(
      (pool) =>
        pool.begin(async (connection) => {
          const query: PostgresQuery = (text, values = []) => connection.unsafe(text, [...values]) as Promise<PostgresRow[]>
          if (deadlineMs > this.deadlineMs) await query(`SET LOCAL statement_timeout = ${statementLimit(deadlineMs)}`)
          return work(query)
        }) as Promise<Result>,
      deadlineMs,
    )
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await within(this.pool.close({ timeout: 0 }), { clock: this.options.clock, ms: this.deadlineMs, late: () => undefined })
  }

  private async bounded<Result>(work: (pool: SQL) => Promise<Result>, ms: number): Promise<Result> {
    if (this.closed) throw new GatewayError('state_unavailable', `The ${this.name} is closed: the gateway is ending.`)
    const { pool } = this
    try {
      return await within(work(pool), { clock: this.options.clock, ms, late: () => this.stalled(pool, ms) })
    } catch (error) {
      throw this.explained(error)
    }
  }

  /** Not even the server's own limit had an effect: its connections are of no use any more. */
  private stalled(pool: SQL, ms: number): never {
    if (this.pool === pool && !this.closed) {
      this.pool = this.connect()
      void pool.close({ timeout: 0 }).catch(() => undefined)
    }
    throw new GatewayError(
      'state_unavailable',
      `The ${this.name} did not answer within ${ms} ms. Check that the server runs and is not overloaded.`,
      { details: { stalled: true } },
    )
  }

  private connect(): SQL {
    const { address, connections = CONNECTIONS, readOnly = false } = this.options
    const { host, port, database, user, password, schema } = address
    return new Bun.SQL({
      adapter: 'postgres',
      hostname: host,
      port,
      database,
      username: user,
      ...(password === undefined ? {} : { password: password.reveal() }),
      max: connections,
      connectionTimeout: Math.max(1, Math.ceil(this.deadlineMs / 1_000)),
      ...(address.tls === 'disable' ? {} : { tls: tlsOf(address) }),
      connection: {
        application_name: 'switchback',
        search_path: schema,
        statement_timeout: String(statementLimit(this.deadlineMs)),
        ...(readOnly ? { default_transaction_read_only: 'on' } : {}),
      },
    })
  }

  /** A failure in words that hold no part of a statement and no credential. */
  private explained(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error
    const { errno, code, message } = error instanceof Error ? (error as Error & { errno?: unknown; code?: unknown }) : {}
    const state = typeof errno === 'string' ? errno : undefined
    const advice = state === undefined ? ADVICE[String(code)] : ADVICE[state]
    const reason =
      advice ?? `${typeof message === 'string' ? message : String(error)}${state === undefined ? '' : ` (${state})`}.`
    return new GatewayError('state_unavailable', `The ${this.name} refused: ${reason}`, {
      cause: error,
      details: state === undefined ? {} : { sqlstate: state },
    })
  }
}

/** The SQLSTATE of a refusal by the server; undefined for other failures. */
export function sqlStateOf(error: unknown): string | undefined {
  const state = error instanceof GatewayError ? error.details?.['sqlstate'] : undefined
  return typeof state === 'string' ? state : undefined
}

const statementLimit = (deadlineMs: number): number => Math.max(LEAST_STATEMENT_MS, deadlineMs - HEAD_START_MS)

function tlsOf({ tls, certificates, host }: PostgresAddress): Record<string, unknown> {
  if (tls === 'require') return { rejectUnauthorized: false }
  return {
    rejectUnauthorized: true,
    serverName: host,
    ...(certificates === undefined ? {} : { ca: certificateText(certificates) }),
  }
}

function certificateText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new GatewayError('state_unavailable', `The certificates ${path} cannot be read. Correct sslrootcert in state.store.`, {
      cause,
    })
  }
}

/** What to do about the failures that people meet, by SQLSTATE or the client's code. */
const ADVICE: Readonly<Record<string, string>> = {
  '28P01': 'the password is wrong. Correct it in state.store.',
  '28000': 'this user may not connect. Correct the user in state.store, or pg_hba.conf on the server.',
  '3D000': 'there is no such database. Create it with createdb, or correct the name in state.store.',
  '42501':
    'the user may not do this. Grant it CREATE on the database, or run switchback state migrate as one who has that and grant this one the schema and its tables (docs/guides/cluster.md).',
  '42P01': 'it holds no state of Switchback yet. Run switchback state migrate, or start a gateway on it.',
  '3F000': 'it holds no state of Switchback yet. Run switchback state migrate, or start a gateway on it.',
  '53300': 'it has no connection left. Raise max_connections on the server, or run fewer replicas.',
  '57014': 'the statement took too long.',
  '57P03': 'it is just starting. Try again in a moment.',
  ERR_POSTGRES_CONNECTION_REFUSED: 'nothing listens there. Start the server, or correct host and port in state.store.',
  ERR_POSTGRES_CONNECTION_CLOSED: 'the connection was closed.',
  ERR_POSTGRES_CONNECTION_TIMEOUT:
    'no connection came about in time. Correct host and port in state.store, or open the firewall.',
  ERR_POSTGRES_TLS_NOT_AVAILABLE:
    'it does not offer TLS. Switch TLS on there, or add ?sslmode=disable to state.store if the network between is trusted.',
}
