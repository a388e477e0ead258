import { Secret } from '../../lib/secret.ts'

const PARAMETERS: ReadonlySet<string> = new Set(['prefix', 'cafile'])
const DEFAULT_PREFIX = 'switchback'

/** Where a Redis is, and how to get in. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly user: string | undefined
  readonly password: Secret | undefined
  /** Number of the database. */
  readonly database: number
  /** The certificate is checked. */
  readonly tls: boolean
  /** File with the certificates to trust, PEM, as it was written. */
  readonly certificates: string | undefined
  /** What every key begins with, so that several installations can share a server. */
  readonly prefix: string
}

export const isRedisUrl = (text: string): boolean => /^rediss?:\/\//i.test(text)

/** What is wrong with an address, as what was expected; undefined when nothing is. Never repeats a part of it. */
export function redisUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'a valid address: redis://:password@host:6379/0'
  const url = new URL(text)
  if (url.hostname === '') return 'an address with a host: redis://:password@host:6379/0'
  if (!/^(\/\d{0,4})?$/.test(url.pathname)) return 'an address that ends with the number of a database, or with nothing'
  for (const name of url.searchParams.keys())
    if (!PARAMETERS.has(name)) return 'only the parameters prefix and cafile behind the address'
  const prefix = url.searchParams.get('prefix')
  if (prefix !== null && !/^[A-Za-z0-9_.-]{1,64}$/.test(prefix))
    return 'a prefix of at most 64 letters, digits, dots, dashes and underscores'
  if (url.searchParams.has('cafile') && url.protocol !== 'rediss:') return 'rediss:// where cafile is given'
  return undefined
}

/** Reads an address that `redisUrlProblem` finds nothing wrong with. */
export function redisAddressOf(text: string): RedisAddress {
  const url = new URL(text)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : new Secret(decodeURIComponent(url.password)),
    database: Number(url.pathname.slice(1) || '0'),
    tls: url.protocol === 'rediss:',
    certificates: url.searchParams.get('cafile') ?? undefined,
    prefix: url.searchParams.get('prefix') ?? DEFAULT_PREFIX,
  }
}
