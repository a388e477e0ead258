import { resolve } from 'node:path'
import { Secret } from '../lib/secret.ts'
import type { EgressConfig } from '../transport/egress.schema.ts'
import { anyWay, type EgressPath, type ProxySettings } from '../transport/egress.settings.schema.ts'
import { isNearby } from './base-url.ts'
import type { CompileContext, ConfigParts, Located } from './compile-context.ts'
import type { ConfigPath } from './config-path.ts'
import { withHome } from './locate.ts'
import type { ConfigNotes } from './problem.ts'
import { readPem } from './read-pem.ts'
import { resolveKey } from './resolve-key.ts'
import { showText } from './secrecy.ts'

/** What a provider or one of its accounts says of its way, and where. */
export interface EgressChoice {
  /** Names of `egress` entries, the one that counts first; `direct` for none. */
  readonly named: readonly (Located<string> | undefined)[]
  readonly publicOnly: boolean
  /** Certificates of the provider's own. */
  readonly trusted: readonly string[]
}

/** The ways out of a configuration. */
export class EgressTable {
  private readonly ways: ReadonlyMap<string, EgressPath>
  private readonly defaultWay: Located<string> | undefined
  private readonly notes: ConfigNotes
  /** Those who leave the same way share one path, and so its connections. */
  private readonly made = new Map<string, EgressPath>()
  private readonly told = new Set<string>()

  constructor(parts: ConfigParts, context: CompileContext, notes: ConfigNotes) {
    const { default_egress: named } = parts.server
    this.notes = notes
    this.ways = compileWays(parts.egress, context, notes)
    this.defaultWay = named === undefined ? undefined : { value: named, path: ['server', 'default_egress'] }
    if (this.defaultWay !== undefined) this.find(this.defaultWay)
  }

  /** Undefined where nothing was chosen: then a request leaves as the environment says. */
  pathFor({ named, publicOnly, trusted }: EgressChoice): EgressPath | undefined {
    const chosen = [...named, this.defaultWay].find((choice) => choice !== undefined)
    if (chosen === undefined && !publicOnly && trusted.length === 0) return undefined
    const way = chosen === undefined ? anyWay(publicOnly) : this.find(chosen)
    const name = JSON.stringify([chosen?.value, publicOnly, trusted])
    const known = this.made.get(name)
    if (known !== undefined) return known
    const path = { ...way, publicOnly, trusted: [...way.trusted, ...trusted] }
    this.made.set(name, path)
    return path
  }

  /** For the operator's own services: the default way, but straight to those on this machine or a private network. */
  pathToService(address: string, publicOnly: boolean): EgressPath {
    const way = isNearby(address) ? undefined : this.pathFor({ named: [], publicOnly, trusted: [] })
    return way ?? anyWay(publicOnly)
  }

  private find({ value, path }: Located<string>): EgressPath {
    const way = this.ways.get(value)
    if (way !== undefined) return way
    const known = [...this.ways.keys()].join(', ')
    // A provider's choice is looked up for each of its accounts.
    const isTold = this.told.has(String(path))
    this.told.add(String(path))
    if (isTold) return DIRECT
    this.notes.problem(path, `There is no egress of this name. Name one of ${known}, or add it to \`egress\`.`, {
      expected: `one of ${known}`,
      found: showText(value),
    })
    return DIRECT
  }
}

const DIRECT: EgressPath = { ...anyWay(false), proxy: undefined }

function compileWays(
  entries: readonly Located<EgressConfig>[],
  context: CompileContext,
  notes: ConfigNotes,
): ReadonlyMap<string, EgressPath> {
  const ways = new Map<string, EgressPath>([['direct', DIRECT]])
  for (const entry of entries) {
    const { value, path } = entry
    if (ways.has(value.id))
      notes.problem([...path, 'id'], `Two entries of \`egress\` are named ${value.id}. Give each its own id.`)
    ways.set(value.id, compileWay(entry, context, notes))
  }
  return ways
}

function compileWay(entry: Located<EgressConfig>, context: CompileContext, notes: ConfigNotes): EgressPath {
  const { value } = entry
  const way = {
    ...DIRECT,
    id: value.id,
    trusted: trustedFrom(value.ca_file, [...entry.path, 'ca_file'], context, notes),
    headers: identityOf(value),
  }
  const proxy = value.kind === 'direct' ? undefined : proxyOf(entry, context, notes)
  if (!value.enabled) return { ...way, closed: 'is switched off (enabled: false)' }
  return proxy === 'missing' ? { ...way, closed: 'has no address, because its variable is not set' } : { ...way, proxy }
}

function identityOf({ headers, user_agent: userAgent }: EgressConfig): Record<string, string> {
  const named = Object.entries(headers).map(([name, text]) => [name.toLowerCase(), text] as const)
  return Object.fromEntries<string>([...(userAgent === undefined ? [] : [['user-agent', userAgent] as const]), ...named])
}

/** Certificates of a PEM file, for `ca_file`; none when it is not given or cannot be read, which is noted. */
export function trustedFrom(
  file: string | undefined,
  path: ConfigPath,
  context: CompileContext,
  notes: ConfigNotes,
): readonly string[] {
  if (file === undefined) return []
  const pem = readPem(resolve(context.baseDirectory, withHome(file, context.home)), 'CERTIFICATE', context)
  if ('text' in pem) return [pem.text]
  notes.problem(path, pem.problem)
  return []
}

/** A proxy whose address is not there is missing: what would go through it is refused, and never goes around it. */
function proxyOf({ value, path }: Located<EgressConfig>, context: CompileContext, notes: ConfigNotes): ProxySettings | 'missing' {
  const at = [...path, value.url_env === undefined ? 'url' : 'url_env']
  const found = resolveKey({ key_env: value.url_env, written: value.url }, context.env, at, notes)
  if (found.kind === 'missing') {
    const names = found.variables.join(', ')
    notes.warning(at, `Nothing can leave through egress ${value.id}, because ${names} is not set. Set it, or remove the entry.`)
  }
  if (found.kind === 'none')
    notes.problem(path, 'The proxy has no address. Name the variable that holds it as `url_env`, or write `url`.', {
      wants: ['url', 'url_env'],
      expected: 'url or url_env',
      found: 'nothing',
    })
  if (found.kind !== 'key') return 'missing'
  const proxy = parseProxy(found.secret.reveal())
  if (proxy !== undefined) return proxy
  notes.problem(at, 'The address of the proxy is none. Write http://, https://, socks5:// or socks5h:// with a host and a port.')
  return 'missing'
}

const PROTOCOL_PORTS = { http: 80, https: 443, socks5: 1080, socks5h: 1080 } as const

function parseProxy(text: string): ProxySettings | undefined {
  const url = URL.parse(text)
  const protocol = (['http', 'https', 'socks5', 'socks5h'] as const).find((name) => url?.protocol === `${name}:`)
  if (url === null || protocol === undefined || url.hostname === '' || (url.pathname !== '/' && url.pathname !== ''))
    return undefined
  if (url.search !== '' || url.hash !== '') return undefined
  const user = decoded(url.username)
  const password = decoded(url.password)
  if (user === undefined || password === undefined) return undefined
  return {
    protocol,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || PROTOCOL_PORTS[protocol],
    user: user === '' ? undefined : user,
    password: password === '' ? undefined : new Secret(password),
  }
}

/** Undefined for a `%` that escapes nothing. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
