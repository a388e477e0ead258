import { GatewayError } from '../errors/gateway-error.ts'
import { hostName, isLoopbackName, isPrivateName } from './host-names.ts'
import { hostOf } from './request-path.ts'
import type { ServerSettings } from './server.settings.schema.ts'

export interface OriginGuardOptions {
  readonly settings: Pick<ServerSettings, 'host' | 'publicUrl' | 'corsOrigins' | 'allowOpenAdmin'>
}

/**
 * Protects a gateway without keys from web pages: a browser would send any page's request to it. The Host header must name this
 * machine (a page can point its own name at us), and whatever a browser sends must come from the gateway's own pages or from an allowed
 * origin.
 */
export class OriginGuard {
  private readonly publicHost: string | undefined
  private readonly ownOrigins: ReadonlySet<string>
  private readonly isOpenToNetwork: boolean
  /** Clients send the same host over and over. */
  private lastGoodHost: string | undefined = undefined

  constructor({ settings }: OriginGuardOptions) {
    const publicUrl = settings.publicUrl === undefined ? undefined : new URL(settings.publicUrl)
    this.publicHost = publicUrl === undefined ? undefined : hostName(publicUrl.host)
    this.ownOrigins = new Set([...settings.corsOrigins, ...(publicUrl === undefined ? [] : [publicUrl.origin])])
    this.isOpenToNetwork = settings.allowOpenAdmin && !isLoopbackName(settings.host)
  }

  /** Throws `forbidden_origin` unless the request names a host this gateway goes by. */
  checkHost(host: string): void {
    if (host === this.lastGoodHost) return
    const name = hostName(host)
    const isGood =
      name !== undefined && (name === this.publicHost || (this.isOpenToNetwork ? isPrivateName(name) : isLoopbackName(name)))
    if (!isGood) {
      throw new GatewayError(
        'forbidden_origin',
        'This gateway has no key and only answers to the name of its own machine, so that no web page can reach it under another one. ' +
          'Call it as localhost, set server.public_url to the address you use, or set server.api_key_env.',
      )
    }
    this.lastGoodHost = host
  }

  /** Throws `forbidden_origin` for a request that a browser sent on behalf of a foreign page. */
  checkOrigin(headers: Headers, host: string): void {
    const origin = headers.get('origin')
    if (origin !== null) {
      if (this.ownOrigins.has(origin) || origin === `http://${host}` || origin === `https://${host}`) return
      throw foreign()
    }
    const site = headers.get('sec-fetch-site')
    if (site !== null && site !== 'none' && site !== 'same-origin') throw foreign()
  }
}

/** The host a request was sent to. Calls inside a process have no Host header. */
export const requestedHost = (headers: Headers, url: string): string => headers.get('host') ?? hostOf(url)

const foreign = (): GatewayError =>
  new GatewayError(
    'forbidden_origin',
    'A web page of another origin sent this request, and this gateway has no key that would tell friend from foe. ' +
      "List the page's origin in server.cors.origins, or set server.api_key_env.",
  )
