import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import { Authenticator, type IssuedKeys } from './authenticator.ts'
import { isOpen } from './check-bind.ts'
import { clientAddress, forwardedHost } from './client-address.ts'
import type { FailedAttempts } from './failed-attempts.ts'
import type { Peer } from './http-app.types.ts'
import { OriginGuard, requestedHost } from './origin-guard.ts'
import type { RefusalAudit } from './refusal-audit.ts'
import { mayUse, type RouteDefinition, type RouteRole } from './routes.ts'
import type { ServerSettings } from './server.settings.schema.ts'

export interface AccessControlOptions {
  readonly settings: ServerSettings
  readonly isTrustedProxy: (address: string) => boolean
  /** Outlives the settings. */
  readonly failures: FailedAttempts
  readonly issuedKeys?: IssuedKeys | undefined
  /** Told of everybody who was refused. Outlives the settings, too. */
  readonly audit?: Pick<RefusalAudit, 'note'> | undefined
}

/** What somebody gets to hear who tries keys; a key that has ended was a good one. */
const GUESSES: ReadonlySet<string> = new Set(['invalid_api_key', 'provider_key_presented', 'api_key_mistyped'])

/** Everybody who reaches a gateway without keys. */
const OPEN: Principal = { role: 'admin' }

/** The one place that decides who may do what. */
export class AccessControl {
  readonly isOpen: boolean
  private readonly authenticator: Authenticator
  private readonly guard: OriginGuard
  private readonly failures: FailedAttempts
  private readonly isTrustedProxy: (address: string) => boolean
  private readonly audit: AccessControlOptions['audit']

  constructor({ settings, isTrustedProxy, failures, issuedKeys, audit }: AccessControlOptions) {
    this.isOpen = isOpen(settings)
    this.authenticator = new Authenticator(settings.apiKeys, issuedKeys)
    this.guard = new OriginGuard({ settings })
    this.failures = failures
    this.isTrustedProxy = isTrustedProxy
    this.audit = audit
  }

  /** Who is calling. Throws when nobody may call like this, or this one may not use the route. */
  admit(request: Request, route: Pick<RouteDefinition, 'role' | 'takesKeyInQuery'>, peer: Peer | undefined): Principal {
    const { headers } = request
    const from = (): string | undefined => clientAddress(headers, peer, this.isTrustedProxy)
    const inQuery = route.takesKeyInQuery === true ? keyInQuery(request.url) : null
    if (!this.isOpen) return permitted(this.authenticator.authenticate(headers, from, inQuery), route)
    const host = this.hostOf(request, peer)
    this.guard.checkHost(host)
    this.guard.checkOrigin(headers, host)
    // Whoever shows an issued key is judged by it, also where nobody has to show one.
    const principal = this.authenticator.issuedTo(headers, from, inQuery)
    return principal === undefined ? OPEN : permitted(principal, route)
  }

  /** A page for people: whoever may see it, it must have been asked for under a name of this gateway. */
  checkPublic(request: Request, route: RouteDefinition, peer: Peer | undefined): void {
    if (this.isOpen && route.isProbe !== true) this.guard.checkHost(this.hostOf(request, peer))
  }

  /** Notes a refusal in the audit, and holds it back when its sender has collected many. */
  async afterRefusal(error: GatewayError, request: Request, peer: Peer | undefined): Promise<void> {
    const { category } = error.row
    if (category !== 'authentication' && category !== 'authorization') return
    const address = clientAddress(request.headers, peer, this.isTrustedProxy)
    this.audit?.note(error, address)
    if (GUESSES.has(error.code)) await this.failures.penalty(address, request.signal)
  }

  private hostOf(request: Request, peer: Peer | undefined): string {
    return forwardedHost(request.headers, peer, this.isTrustedProxy) ?? requestedHost(request.headers, request.url)
  }
}

function keyInQuery(url: string): string | null {
  const query = url.indexOf('?')
  return query === -1 ? null : new URLSearchParams(url.slice(query)).get('key')
}

function permitted(principal: Principal, route: Pick<RouteDefinition, 'role'>): Principal {
  if (!mayUse(principal.role, route.role)) throw forbidden(principal, route.role)
  return principal
}

function forbidden(principal: Principal, asked: RouteRole): GatewayError {
  return new GatewayError(
    'forbidden',
    `This key has the role ${principal.role}, and this address needs ${asked}. Ask with another key, or have this one changed.`,
    principal.keyId === undefined ? {} : { details: { key_id: principal.keyId } },
  )
}
