import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { Connection, RequestHandler, RunningServer, ServeOptions } from './server.types.ts'
import { serverUrl } from './server-url.ts'
import { waitUntilIdle } from './wait-until-idle.ts'

/** A head must be complete after this long. */
const HEAD_TIMEOUT_MS = 15_000
/** Silence between two requests of a connection. */
const KEEP_ALIVE_MS = 255_000
const CHECK_INTERVAL_MS = 5_000

class NodeConnection implements Connection {
  readonly address: string | undefined

  constructor(request: IncomingMessage) {
    this.address = request.socket.remoteAddress
  }

  setIdleLimit(): void {
    // The server below never closes a connection that waits for an answer.
  }
}

/** Listens with Node's server, for the library. */
export async function serveOnNode({ app, settings }: ServeOptions): Promise<RunningServer> {
  const { host, port, tls } = settings
  // The time for a whole request is the application's to limit: it knows how fast a body comes.
  const limits = {
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  }
  const scheme = tls === undefined ? 'http' : 'https'
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    // Failing here means that the request cannot even be represented, or that the client has gone away.
    answer(app, scheme, incoming, outgoing).catch(() =>
      outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(400).end(),
    )
  }
  const server: Server =
    tls === undefined
      ? createServer(limits, onRequest)
      : createTlsServer({ ...limits, cert: tls.cert, key: tls.key.reveal() }, onRequest)
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  let closed: Promise<void> | undefined
  return {
    url: serverUrl(scheme, host, bound),
    port: bound,
    async stop(drainMs) {
      app.drain()
      await waitUntilIdle(() => (closed === undefined ? app.active : 0), drainMs)
      closed ??= close(server)
      await closed
    },
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

async function answer(app: RequestHandler, scheme: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController()
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) gone.abort(new DOMException('The client went away.', 'AbortError'))
  })
  const response = await app.fetch(requestFrom(incoming, scheme, gone.signal), new NodeConnection(incoming))
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  if (response.body === null || incoming.method === 'HEAD') {
    await response.body?.cancel()
    outgoing.end()
  } else await send(response.body, outgoing, gone.signal)
  // What is left of a body that nobody wants is thrown away, so that the connection can be used again.
  if (!incoming.readableEnded) incoming.resume()
}

function requestFrom(incoming: IncomingMessage, scheme: string, signal: AbortSignal): Request {
  const headers = new Headers()
  const { rawHeaders, method = 'GET' } = incoming
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) headers.append(rawHeaders[index]!, rawHeaders[index + 1]!)
  const url = `${scheme}://${hostFrom(incoming)}${incoming.url?.startsWith('/') === true ? incoming.url : '/'}`
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers, signal })
  const body = Readable.toWeb(incoming) as unknown as ReadableStream<Uint8Array>
  return new Request(url, { method, headers, signal, body, duplex: 'half' } as RequestInit)
}

/** Only needed to make a URL of a path; whether the header is acceptable is for the application to say. */
function hostFrom({ headers }: IncomingMessage): string {
  return headers.host !== undefined && URL.canParse(`http://${headers.host}`) ? headers.host : 'localhost'
}

async function send(body: ReadableStream<Uint8Array>, outgoing: ServerResponse, gone: AbortSignal): Promise<void> {
  const reader = body.getReader()
  outgoing.on('close', () => void reader.cancel().catch(ignoreFailure))
  for (;;) {
    const { done, value } = await reader.read()
    if (done || outgoing.destroyed) break
    // A client that does not read holds up the next read, and so the upstream.
    if (!outgoing.write(value)) await once(outgoing, 'drain', { signal: gone })
  }
  outgoing.end()
}

/** The response is over; whether its source minds is nobody's concern any more. */
const ignoreFailure = (): undefined => undefined
