import { createHash } from 'node:crypto'
import type { AccessControl } from './access-control.ts'
import { hostName } from './host-names.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { requestedHost } from './origin-guard.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'
import { statusPage, STATUS_STYLE } from './status-page.ts'

export interface StatusHandlerOptions extends Pick<
  HttpAppOptions,
  'settings' | 'snapshot' | 'version' | 'isTrustedProxy' | 'captures'
> {
  readonly access: AccessControl
  readonly responder: Responder
  readonly isDraining: () => boolean
}

/** Only the page's own style runs; nothing is fetched, framed, sent or scripted. */
const POLICY = `default-src 'none'; img-src data:; style-src 'sha256-${createHash('sha256').update(STATUS_STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** The page at `/`: that the gateway runs, and how to call it. */
export function createStatusHandler(options: StatusHandlerOptions): ColdHandler {
  const { settings, snapshot, version, access, responder, isDraining, captures } = options
  return ({ exchange }) => {
    const { modelIds, revision } = snapshot()
    const page = statusPage({
      version,
      baseUrl: settings.publicUrl ?? baseUrlOf(exchange.request, settings),
      revision,
      isDraining: isDraining(),
      captures: captures?.captures.list().filter(({ ended }) => ended === undefined).length ?? 0,
      needsKey: !access.isOpen,
      // Behind keys, what is served is for those who have one.
      modelIds: access.isOpen ? modelIds : [],
    })
    return responder.own(exchange, 200, page, [
      ['content-type', 'text/html; charset=utf-8'],
      ['content-security-policy', POLICY],
      ['referrer-policy', 'no-referrer'],
    ])
  }
}

/** The address as the caller wrote it. Only shown, and only to whoever sent it, so its parts may come from anybody. */
function baseUrlOf(request: Request, { tls, basePath, host, port }: HttpAppOptions['settings']): string {
  const isSecure = tls !== undefined || request.headers.get('x-forwarded-proto') === 'https'
  const asked = requestedHost(request.headers, request.url)
  return `${isSecure ? 'https' : 'http'}://${hostName(asked) === undefined ? `${host}:${port}` : asked}${basePath}`
}
