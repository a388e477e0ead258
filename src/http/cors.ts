import type { ServerSettings } from './server.settings.schema.ts'

const EXPOSED =
  'x-switchback-request-id, x-switchback-route, x-switchback-revision, x-switchback-overhead-us, x-switchback-lost, x-switchback-schema, x-request-id, request-id, retry-after'
const PREFLIGHT_SECONDS = '600'
const HEADER_NAMES = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:\s*,\s*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*$/

/** Lets pages of listed origins call the gateway. */
export class Cors {
  /** Nobody is listed: there is nothing to add to any answer. */
  readonly isOff: boolean
  private readonly origins: ReadonlySet<string>

  constructor(settings: Pick<ServerSettings, 'corsOrigins'>) {
    this.origins = new Set(settings.corsOrigins)
    this.isOff = this.origins.size === 0
  }

  /** Adds what a browser needs to see before it hands an answer to the page. */
  addTo(headers: Record<string, string>, requestHeaders: Headers): void {
    if (this.isOff) return
    headers['vary'] = 'origin'
    const origin = requestHeaders.get('origin')
    if (origin === null || !this.origins.has(origin)) return
    headers['access-control-allow-origin'] = origin
    headers['access-control-expose-headers'] = EXPOSED
  }

  /** Headers of the answer to a preflight; undefined when the origin is not listed. */
  preflight(requestHeaders: Headers, methods: readonly string[]): Record<string, string> | undefined {
    const origin = requestHeaders.get('origin')
    if (origin === null || !this.origins.has(origin)) return undefined
    const asked = requestHeaders.get('access-control-request-headers')
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': methods.join(', '),
      ...(asked !== null && HEADER_NAMES.test(asked) ? { 'access-control-allow-headers': asked } : {}),
      ...(requestHeaders.get('access-control-request-private-network') === 'true'
        ? { 'access-control-allow-private-network': 'true' }
        : {}),
      'access-control-max-age': PREFLIGHT_SECONDS,
      vary: 'origin, access-control-request-headers, access-control-request-private-network',
    }
  }
}

export const isPreflight = (request: Request): boolean =>
  request.method === 'OPTIONS' && request.headers.has('origin') && request.headers.has('access-control-request-method')
