import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import { Authenticator } from './authenticator.ts'
import { isOpen } from './check-bind.ts'
import { clientAddress, forwardedHost } from './client-address.ts'
import type { FailedAttempts } from './failed-attempts.ts'
import type { Peer } from './http-app.types.ts'
import { OriginGuard, requestedHost } from './origin-guard.ts'
import { mayUse, type RouteDefinition, type RouteRole } from './routes.ts'
import type { ServerSettings } from './server.settings.schema.ts'

export interface AccessControlOptions {
  readonly settings: ServerSettings
  readonly isTrustedProxy: (address: string) => boolean
  /** Outlives the settings. */
  readonly failures: FailedAttempts
}

/** Everybody who reaches a gateway without keys. */
const OPEN: Principal = { role: 'admin' }

/** The one place that decides who may do what. */
export class AccessControl {
  readonly isOpen: boolean
  private readonly authenticator: Authenticator
  private readonly guard: OriginGuard
  private readonly failures: FailedAttempts
  private readonly isTrustedProxy: (address: string) => boolean

  constructor({ settings, isTrustedProxy, failures }: AccessControlOptions) {
    this.isOpen = isOpen(settings)
    this.authenticator = new Authenticator(settings.apiKeys)
    this.guard = new OriginGuard({ settings })
    this.failures = failures
    this.isTrustedProxy = isTrustedProxy
  }

  /** Who is calling. Throws when nobody may call like this, or this one may not use the route. */
  admit(request: Request, route: Pick<RouteDefinition, 'role' | 'takesKeyInQuery'>, peer: Peer | undefined): Principal {
    const { headers } = request
    if (!this.isOpen) {
      const principal = this.authenticator.authenticate(headers, route.takesKeyInQuery === true ? keyInQuery(request.url) : null)
      if (!mayUse(principal.role, route.role)) throw forbidden(principal, route.role)
      return principal
    }
    const host = this.hostOf(request, peer)
    this.guard.checkHost(host)
    this.guard.checkOrigin(headers, host)
    return OPEN
  }

  /** A page for people: whoever may see it, it must have been asked for under a name of this gateway. */
  checkPublic(request: Request, route: RouteDefinition, peer: Peer | undefined): void {
    if (this.isOpen && route.isProbe !== true) this.guard.checkHost(this.hostOf(request, peer))
  }

  /** Holds back a refusal when its sender has collected many. */
  async afterRefusal(error: GatewayError, request: Request, peer: Peer | undefined): Promise<void> {
    if (error.code !== 'invalid_api_key' && error.code !== 'provider_key_presented') return
    await this.failures.penalty(clientAddress(request.headers, peer, this.isTrustedProxy), request.signal)
  }

  private hostOf(request: Request, peer: Peer | undefined): string {
    return forwardedHost(request.headers, peer, this.isTrustedProxy) ?? requestedHost(request.headers, request.url)
  }
}

function keyInQuery(url: string): string | null {
  const query = url.indexOf('?')
  return query === -1 ? null : new URLSearchParams(url.slice(query)).get('key')
}

function forbidden(principal: Principal, asked: RouteRole): GatewayError {
  return new GatewayError(
    'forbidden',
    `This key has the role ${principal.role}, and this address needs ${asked}. Ask with another key, or give this one the role in api_keys.`,
  )
}
