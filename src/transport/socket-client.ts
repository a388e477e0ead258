import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { pipeline, Readable, type Duplex } from 'node:stream'
import zlib from 'node:zlib'
import { discardBody } from './discard-body.ts'
import { takesWholeRequests, type Dialer } from './dial.ts'
import type { EgressPath } from './egress.settings.schema.ts'
import { proxyAuthorization } from './http-tunnel.ts'
import { proxyError } from './proxy-error.ts'
import { JoinBuffer, toFetchBody } from './request-body.ts'
import type { UpstreamRequest } from './transport.ts'

/** Connections that wait for their next request, for each origin. */
const MOST_IDLE = 256
const IDLE_MS = 30_000

/**
 * HTTP over connections of our own making, for ways that `fetch` cannot go: SOCKS, proxies whose failures have to be told from those of the
 * upstream, and, on Node, addresses that were checked. Answers are decoded, as those of `fetch`.
 */
export class SocketClient {
  private readonly dialer: Dialer
  /** Connections are shared by requests that leave the same way. */
  private readonly agents = new WeakMap<EgressPath, Map<string, http.Agent>>()

  constructor(dialer: Dialer) {
    this.dialer = dialer
  }

  /** Rejects with whatever went wrong; the transport tells it. */
  async send(request: UpstreamRequest, path: EgressPath): Promise<Response> {
    // A connection would be opened for it all the same.
    request.signal.throwIfAborted()
    const url = new URL(request.url)
    const answer = await this.exchange(request, url, path)
    const response = responseOf(answer)
    if (answer.statusCode !== 407 || !takesWholeRequests(path, url)) return response
    discardBody(response)
    throw proxyError(path.id, 'wants another user and password')
  }

  private exchange(request: UpstreamRequest, url: URL, path: EgressPath): Promise<IncomingMessage> {
    const { method, signal } = request
    const { body, length } = toFetchBody(request.body, new JoinBuffer())
    const headers: Record<string, string> = { ...request.headers }
    if (typeof body === 'string' || body instanceof Uint8Array) headers['content-length'] = String(Buffer.byteLength(body))
    else if (length !== undefined) headers['content-length'] = String(length)
    const whole = takesWholeRequests(path, url)
    const authorization = whole && typeof path.proxy === 'object' ? proxyAuthorization(path.proxy) : undefined
    if (authorization !== undefined) headers['proxy-authorization'] = authorization
    return new Promise((resolve, reject) => {
      const sending = (url.protocol === 'https:' ? https : http).request(url, {
        method,
        headers,
        agent: this.agentFor(url, path),
        ...(whole ? { path: url.href } : {}),
      })
      const abort = (): void => {
        sending.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
      }
      signal.addEventListener('abort', abort, { once: true })
      sending.on('error', reject)
      sending.on('close', () => signal.removeEventListener('abort', abort))
      sending.on('response', resolve)
      if (body instanceof ReadableStream)
        pipeline(Readable.fromWeb(body as never), sending, (error) => {
          if (error) reject(error)
        })
      else sending.end(body ?? undefined)
    })
  }

  private async dial(to: URL, path: EgressPath, done: (error: Error | null, socket?: Duplex) => void): Promise<void> {
    let socket: Duplex
    try {
      socket = await this.dialer.connect(to, path)
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)))
    }
    done(null, socket)
  }

  private agentFor(url: URL, path: EgressPath): http.Agent {
    let byScheme = this.agents.get(path)
    if (byScheme === undefined) this.agents.set(path, (byScheme = new Map<string, http.Agent>()))
    const known = byScheme.get(url.protocol)
    if (known !== undefined) return known
    const options = { keepAlive: true, maxFreeSockets: MOST_IDLE, timeout: IDLE_MS }
    const agent = url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options)
    agent.createConnection = ({ host, port }, done) => {
      const to = new URL(`${url.protocol}//${host?.includes(':') === true ? `[${host}]` : host}:${port}`)
      void this.dial(to, path, (error, socket) => done?.(error, socket as Duplex))
      return undefined
    }
    byScheme.set(url.protocol, agent)
    return agent
  }
}

/** Statuses whose answers have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])

function responseOf(answer: IncomingMessage): Response {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = answer
  const isBodiless = BODILESS.has(status)
  try {
    const response = new Response(isBodiless ? null : bodyOf(answer), { status, statusText, headers: pairs(rawHeaders) })
    if (isBodiless) answer.resume()
    return response
  } catch (cause) {
    answer.destroy()
    throw Object.assign(new Error('no answer of HTTP', { cause }), { code: 'InvalidHTTPResponse' })
  }
}

const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  zstd: () => zlib.createZstdDecompress(),
}

/** The decoded bytes; the transport takes the header away. */
function bodyOf(answer: IncomingMessage): ReadableStream<Uint8Array> {
  const decoder = DECODERS[answer.headers['content-encoding']?.toLowerCase() ?? '']?.()
  if (decoder === undefined) return chunksOf(answer)
  // Whoever reads is told of what goes wrong.
  pipeline(answer, decoder, () => undefined)
  return chunksOf(decoder)
}

/** One chunk for each that is asked for; giving it up closes the connection. */
function chunksOf(stream: Readable): ReadableStream<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      cancel: () => void stream.destroy(),
    },
    { highWaterMark: 0 },
  )
}

function pairs(raw: readonly string[]): [string, string][] {
  const headers: [string, string][] = []
  for (let index = 0; index + 1 < raw.length; index += 2) headers.push([raw[index] ?? '', raw[index + 1] ?? ''])
  return headers
}
