import { Hono } from 'hono'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Deadlines } from '../lib/deadlines.ts'
import type { AccessControl } from './access-control.ts'
import { createAuditHandlers } from './audit-routes.ts'
import { isPreflight, type Cors } from './cors.ts'
import type { Exchange } from './exchange.ts'
import { methodOfPath } from './google-path.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { knownMethod } from './known-method.ts'
import { canonicalPath, isCallPath } from './model-calls.ts'
import { createAlertHandlers } from './alert-handlers.ts'
import { createCaptureHandlers } from './capture-handlers.ts'
import { createEmbeddingHandlers } from './embedding-handlers.ts'
import { EndpointServer } from './endpoint-server.ts'
import { createForwardHandlers } from './forward-handlers.ts'
import { createMetricsHandler } from './metrics-handler.ts'
import { createModelHandlers } from './model-routes.ts'
import { createOperatorHandlers } from './operator-routes.ts'
import { createPassthroughHandler } from './passthrough-handler.ts'
import { createPreviewHandler } from './preview-handler.ts'
import { createProbeHandlers } from './probe-handlers.ts'
import type { Responder } from './responder.ts'
import { createRevisionHandlers } from './revision-handlers.ts'
import type { ColdHandler, ColdRequest } from './route-handler.ts'
import { allowedMethods, ANY_METHODS, ROUTES, type CallRouteName, type RouteDefinition, type RouteName } from './routes.ts'
import type { CallServer } from './serve-call.ts'
import { createStoredObjectHandlers } from './stored-object-handlers.ts'
import { createStatusHandler } from './status-handler.ts'
import { createTenancyHandlers } from './tenancy-routes.ts'
import { createTraceHandlers } from './trace-routes.ts'
import { unknownRoute } from './unknown-route.ts'
import { createUsageHandlers } from './usage-routes.ts'

export interface ColdRoutesOptions extends HttpAppOptions {
  readonly access: AccessControl
  readonly responder: Responder
  readonly calls: CallServer
  readonly cors: Cors
  readonly deadlines: Deadlines
  readonly isDraining: () => boolean
}

type ColdRouteName = Exclude<RouteName, CallRouteName>
type Environment = { Bindings: { exchange: Exchange; path: string } }

/** Everything but model calls: lists, records, previews, probes and the status page. */
export class ColdRoutes {
  private readonly options: ColdRoutesOptions
  private readonly router: Hono<Environment>

  constructor(options: ColdRoutesOptions) {
    this.options = options
    const endpoints = new EndpointServer(options)
    const handlers: Readonly<Record<ColdRouteName, ColdHandler>> = {
      ...createModelHandlers(options),
      ...createTraceHandlers(options),
      ...createOperatorHandlers(options),
      ...createTenancyHandlers(options),
      ...createAuditHandlers(options),
      ...createRevisionHandlers(options),
      ...createUsageHandlers(options),
      ...createProbeHandlers(options),
      ...createAlertHandlers(options),
      ...createCaptureHandlers(options),
      ...createEmbeddingHandlers({ ...options, endpoints }),
      ...createForwardHandlers({ ...options, endpoints }),
      ...createStoredObjectHandlers({ ...options, endpoints }),
      ...createPassthroughHandler({ ...options, endpoints }),
      metrics: createMetricsHandler(options),
      previewRoute: createPreviewHandler(options),
      status: createStatusHandler(options),
    }
    this.router = new Hono<Environment>({ getPath: (_request, given) => given?.env?.path ?? '/' })
    for (const name of Object.keys(handlers) as ColdRouteName[]) {
      const route = ROUTES[name]
      const { path, suffix } = routerPath(route.path)
      this.router.on(route.method === 'ANY' ? [...ANY_METHODS] : [route.method], path, (context) => {
        const { exchange } = context.env
        const id = (context.req.param('id') ?? '').slice(0, -suffix.length || undefined)
        return this.run(exchange, name, handlers[name], { exchange, id, query: new URL(exchange.request.url).searchParams })
      })
    }
    this.router.notFound((context) => this.missing(context.env.exchange, context.env.path))
  }

  /** Every route the router knows, as `METHOD path`. */
  get registered(): string[] {
    return this.router.routes.map(({ method, path }) => `${method} ${path}`)
  }

  serve(exchange: Exchange, fullPath: string): Response | Promise<Response> {
    const { basePath } = this.options.settings
    const isInside = basePath === '' || fullPath === basePath || fullPath.startsWith(`${basePath}/`)
    if (!isInside) return this.options.responder.error(exchange, unknownRoute(fullPath, basePath))
    const path = canonicalPath(fullPath.slice(basePath.length) || '/')
    if (exchange.request.method === 'OPTIONS') return this.preflight(exchange, path)
    // Otherwise it would be the name of a model that there is not.
    if (isCallPath(path) && exchange.request.method !== 'POST') return this.notAllowed(exchange, ['POST'])
    return this.router.fetch(exchange.request, { exchange, path })
  }

  private async run(exchange: Exchange, name: ColdRouteName, handler: ColdHandler, request: ColdRequest): Promise<Response> {
    const { access, responder } = this.options
    const route: RouteDefinition = ROUTES[name]
    exchange.route = name
    try {
      if (route.role === 'public') access.checkPublic(exchange.request, route, exchange.peer)
      else exchange.principal = access.admit(exchange.request, route, exchange.peer)
      return await handler(request)
    } catch (error) {
      if (error instanceof GatewayError) await access.afterRefusal(error, exchange.request, exchange.peer)
      return responder.error(exchange, error)
    }
  }

  private missing(exchange: Exchange, path: string): Response {
    const { responder, settings } = this.options
    const methods = allowedMethods(path)
    if (methods.length === 0 || (exchange.request.method === 'POST' && methodOfPath(path) !== undefined))
      return responder.error(exchange, unknownRoute(path, settings.basePath))
    return this.notAllowed(exchange, methods)
  }

  private notAllowed(exchange: Exchange, methods: readonly string[]): Response {
    const allow = methods.join(', ')
    const error = new GatewayError(
      'method_not_allowed',
      `This address takes ${allow}; the method was ${knownMethod(exchange.request.method)}.`,
    )
    return this.options.responder.error(exchange, error, [['allow', allow]])
  }

  private preflight(exchange: Exchange, path: string): Response {
    const { responder, cors } = this.options
    const methods = allowedMethods(path)
    if (methods.length === 0) return this.missing(exchange, path)
    if (!isPreflight(exchange.request)) return responder.own(exchange, 204, null, [['allow', methods.join(', ')]])
    const headers = cors.preflight(exchange.request.headers, methods)
    if (headers !== undefined) return responder.own(exchange, 204, null, Object.entries(headers))
    return responder.error(
      exchange,
      new GatewayError(
        'forbidden_origin',
        'Pages of this origin may not call the gateway. List the origin in server.cors.origins to allow it.',
      ),
    )
  }
}

/** A method of a model stands behind the name, and is part of the parameter for the router. */
function routerPath(path: string): { readonly path: string; readonly suffix: string } {
  const suffix = /:id\{\.\+\}(:\w+)$/.exec(path)?.[1] ?? ''
  return { path: suffix === '' ? path : path.replace(`}${suffix}`, `${suffix}}`), suffix }
}
