import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RedisClient } from 'bun'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { Deadlines } from '../../lib/deadlines.ts'
import type { RedisAddress } from './address.schema.ts'

export interface RedisOptions {
  readonly address: RedisAddress
  readonly clock: Clock
  /** Longest time for one call, in ms. Default one second. */
  readonly deadlineMs?: number | undefined
}

/** A Lua script, run by its hash. */
export interface RedisScript {
  readonly text: string
  readonly hash: string
}

export const redisScript = (text: string): RedisScript => ({ text, hash: createHash('sha1').update(text).digest('hex') })

/**
 * A Redis server. Every call ends: with its answer, with the server's refusal, or with `state_unavailable` after its deadline. The connection
 * comes back by itself. While the server is known to hang, calls are refused at once, except for one each second that finds out.
 */
export interface Redis {
  /** Host, port and number of the database, for messages. */
  readonly name: string
  /** The name of a key, with the prefix of this installation. */
  key(...parts: readonly string[]): string
  send(command: string, values: readonly (string | number)[], deadlineMs?: number): Promise<unknown>
  /** Runs a script; the server is told its text when it does not know it. */
  run(script: RedisScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown>
  /** Another connection to the same server, for commands that wait. */
  another(): Redis
  close(): void
}

const DEADLINE_MS = 1_000
/** Pause between two calls that find out whether a server that hung answers again. */
const RETRY_MS = 1_000
const MANY_RETRIES = 1_000_000

/** Opens a connection in the background. Throws `state_unavailable` where there is no client for Redis. */
export function openRedis(options: RedisOptions): Redis {
  if (typeof Bun === 'undefined')
    throw new GatewayError(
      'state_unavailable',
      'Redis is only supported when the gateway runs on Bun. Run it with Bun, or leave state.coordination out.',
    )
  return new BunRedis(options)
}

class BunRedis implements Redis {
  readonly name: string
  private readonly options: RedisOptions
  private readonly deadlineMs: number
  private readonly deadlines: Deadlines
  private client: RedisClient
  private connected: Promise<void>
  /** `Clock.now()` of the next call that may find out whether the server answers again; undefined while it does. */
  private hungUntil: number | undefined
  /** The first connection was refused, which the client takes as final. */
  private broken = false
  private closed = false

  constructor(options: RedisOptions) {
    const { host, port, database } = options.address
    this.options = options
    this.deadlineMs = options.deadlineMs ?? DEADLINE_MS
    this.deadlines = new Deadlines(options.clock)
    this.name = `Redis database ${database} at ${host}:${port}`
    this.client = this.connect()
    this.connected = this.greet()
  }

  key(...parts: readonly string[]): string {
    return [this.options.address.prefix, ...parts].join(':')
  }

  send(command: string, values: readonly (string | number)[], deadlineMs = this.deadlineMs): Promise<unknown> {
    return this.bounded((client): Promise<unknown> => client.send(command, values.map(String)), deadlineMs)
  }

  run(script: RedisScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    const words = [script.hash, String(keys.length), ...keys, ...values.map(String)]
    return this.bounded((client) => {
      const answer: Promise<unknown> = client.send('EVALSHA', words)
      return answer.catch((error: unknown): Promise<unknown> => {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
        return client.send('EVAL', [script.text, ...words.slice(1)])
      })
    }, this.deadlineMs)
  }

  another(): Redis {
    return new BunRedis(this.options)
  }

  close(): void {
    this.closed = true
    this.client.close()
  }

  private bounded<Result>(work: (client: RedisClient) => Promise<Result>, ms: number): Promise<Result> {
    const refusal = this.refusal(ms)
    if (refusal !== undefined) return Promise.reject(refusal)
    if (this.broken && !this.client.connected) this.renew()
    const { client, connected, deadlines } = this
    return new Promise((resolve, reject) => {
      let isLate = false
      const watch = deadlines.watch(this.options.clock.now() + ms, () => {
        isLate = true
        this.hung(client)
        reject(this.noAnswer(ms))
      })
      const answered = (result: Result): void => {
        deadlines.drop(watch)
        if (!isLate) this.hungUntil = undefined
        resolve(result)
      }
      const failed = (error: unknown): void => {
        deadlines.drop(watch)
        reject(this.explained(error))
      }
      try {
        const answer = client.connected ? work(client) : connected.then(() => work(client))
        answer.then(answered, failed)
      } catch (error) {
        failed(error) // a client that is being closed may throw
      }
    })
  }

  /** Why the server is not asked. */
  private refusal(ms: number): GatewayError | undefined {
    if (this.closed) return new GatewayError('state_unavailable', `The ${this.name} is closed: the gateway is ending.`)
    if (this.hungUntil === undefined) return undefined
    const now = this.options.clock.now()
    if (now < this.hungUntil) return this.noAnswer(ms)
    this.hungUntil = now + RETRY_MS
    return undefined
  }

  private hung(client: RedisClient): void {
    this.hungUntil = this.options.clock.now() + RETRY_MS
    if (this.client === client && !this.closed) this.renew()
  }

  private renew(): void {
    this.client.close()
    this.client = this.connect()
    this.connected = this.greet()
  }

  private noAnswer(ms: number): GatewayError {
    return new GatewayError(
      'state_unavailable',
      `The ${this.name} did not answer within ${ms} ms. Check that the server runs, and host and port in state.coordination.`,
      { details: { stalled: true } },
    )
  }

  private connect(): RedisClient {
    const { host, port, user, password, database, tls, certificates } = this.options.address
    const login = password === undefined ? '' : `${encodeURIComponent(user ?? '')}:${encodeURIComponent(password.reveal())}@`
    const at = host.includes(':') ? `[${host}]` : host
    return new Bun.RedisClient(`${tls ? 'rediss' : 'redis'}://${login}${at}:${port}/${database}`, {
      connectionTimeout: this.deadlineMs,
      maxRetries: MANY_RETRIES,
      enableOfflineQueue: false,
      ...(tls
        ? { tls: { rejectUnauthorized: true, ...(certificates === undefined ? {} : { ca: certificateText(certificates) }) } }
        : {}),
    })
  }

  private greet(): Promise<void> {
    const { client } = this
    this.broken = false
    const connected = client.connect().then(() => undefined)
    connected.catch(() => {
      if (this.client === client) this.broken = true
    })
    return connected
  }

  private explained(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error
    const message = error instanceof Error ? error.message : String(error)
    const advice = ADVICE.find(([sign]) => message.includes(sign))?.[1] ?? `${message}.`
    return new GatewayError('state_unavailable', `The ${this.name} refused: ${advice}`, { cause: error })
  }
}

function certificateText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new GatewayError(
      'state_unavailable',
      `The certificates ${path} cannot be read. Correct cafile in state.coordination.`,
      {
        cause,
      },
    )
  }
}

/** What to do about the failures that people meet, by a part of the client's or the server's message. */
const ADVICE: readonly (readonly [sign: string, advice: string])[] = [
  ['WRONGPASS', 'user or password are wrong. Correct them in state.coordination.'],
  ['NOAUTH', 'it wants a password. Add it to state.coordination: redis://:password@host:6379.'],
  ['NOPERM', 'this user may not do that. Let the user run scripts and streams on keys of the prefix.'],
  ['OOM command not allowed', 'it has no memory left. Raise maxmemory on the server.'],
  ['READONLY', 'it is a read-only copy. Name the primary in state.coordination.'],
  ['Connection closed', 'the connection was closed. Check that the server runs, and user and password in state.coordination.'],
  ['offline queue', 'there is no connection. Check that the server runs, and state.coordination.'],
  ['Connection has failed', 'there is no connection. Check that the server runs, and state.coordination.'],
]
