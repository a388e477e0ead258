import type { Server } from 'bun'
import { serverUrl } from './server-url.ts'
import type { Connection, RunningServer, ServeOptions } from './server.types.ts'
import { waitUntilIdle } from './wait-until-idle.ts'

/**
 * Seconds a connection may stay silent between requests or in the middle of a request's head; the longest the server knows. While a
 * request is being answered the application switches it off.
 */
const IDLE_SECONDS = 255
/** The application counts bytes itself: the server's own answer to a large body is empty. */
const NO_BODY_LIMIT = Number.MAX_SAFE_INTEGER

class BunConnection implements Connection {
  private readonly server: Server<undefined>
  private readonly request: Request

  constructor(server: Server<undefined>, request: Request) {
    this.server = server
    this.request = request
  }

  get address(): string | undefined {
    return this.server.requestIP(this.request)?.address
  }

  setIdleLimit(enabled: boolean): void {
    this.server.timeout(this.request, enabled ? IDLE_SECONDS : 0)
  }
}

/** Listens with Bun's server. */
export function serveOnBun({ app, settings, sharesAddress = false }: ServeOptions): RunningServer {
  const { host, port, tls } = settings
  const server = Bun.serve({
    hostname: host,
    port,
    reusePort: sharesAddress,
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: NO_BODY_LIMIT,
    ...(tls === undefined ? {} : { tls: { cert: tls.cert, key: tls.key.reveal() } }),
    fetch: (request: Request, self: Server<undefined>) => app.fetch(request, new BunConnection(self, request)),
  })
  const bound = server.port ?? port
  let closed: Promise<void> | undefined
  return {
    url: serverUrl(tls === undefined ? 'http' : 'https', host, bound),
    port: bound,
    async stop(drainMs) {
      app.drain()
      await waitUntilIdle(() => (closed === undefined ? Math.max(app.active, server.pendingRequests) : 0), drainMs)
      closed ??= server.stop(true)
      await closed
    },
  }
}
