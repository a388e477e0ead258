import net from 'node:net'
import { HttpRequestReader, type RequestHead } from './http-request-reader.ts'

/** One step of a scripted body. Bytes go out as one write (one HTTP chunk when the framing is `chunked`). */
export type Step =
  | string
  | Uint8Array
  | { readonly delayMs: number }
  /** Waits for the test. */
  | { readonly until: Promise<unknown> }
  /** Says nothing more, and keeps the connection open until the client goes away or the upstream is closed. */
  | { readonly stall: true }
  /** Ends the connection with a TCP reset. */
  | { readonly reset: true }
  /** Ends the connection properly, without the rest of the answer. */
  | { readonly close: true }

/** What the upstream does with one request. */
export interface Reply {
  /** Steps before the status line: delays, a stall, a reset. */
  readonly before?: readonly Step[] | undefined
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: readonly Step[] | undefined
  /** `length` needs a body of bytes only; `close` ends the body with the connection. Default: `chunked`. */
  readonly framing?: 'chunked' | 'length' | 'close' | undefined
  /** Replaces the whole HTTP answer. */
  readonly raw?: readonly Step[] | undefined
}

export interface RecordedRequest {
  readonly index: number
  /** Number of the connection it came over, from 0. */
  readonly connection: number
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly text: string
  /** The body parsed; throws when it is no JSON. */
  readonly json: unknown
  /** `Date.now()`. */
  readonly receivedAt: number
  /** The client closed the connection before the answer was complete. */
  readonly aborted: boolean
  readonly abortedAt: number | undefined
  /** Resolves when the answer is complete or the connection is gone. */
  readonly ended: Promise<'complete' | 'aborted'>
}

export type ReplyFor = (request: RecordedRequest) => Reply | Promise<Reply>

export interface FakeUpstream {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  readonly requests: readonly RecordedRequest[]
  /** Connections accepted so far, and those open now. */
  readonly connections: { readonly accepted: number; readonly open: number }
  /** Answers the next requests, one each, before `otherwise` is asked. */
  enqueue(...replies: readonly (Reply | ReplyFor)[]): void
  /** Answers every request that nothing was queued for. */
  otherwise(reply: Reply | ReplyFor): void
  /** Answers as soon as the headers are here, without reading the body; undefined leaves the request to the others. */
  early(reply: ((head: RequestHead) => Reply | undefined) | undefined): void
  /** Resolves with the request number `index`, once it is here. */
  request(index: number): Promise<RecordedRequest>
  close(): Promise<void>
}

const NOTHING_SCRIPTED: Reply = {
  status: 500,
  headers: { 'content-type': 'application/json' },
  body: ['{"error":{"message":"the test scripted no answer for this request"}}'],
}

/** A scripted upstream over real HTTP/1.1 on loopback, on raw sockets so that it can misbehave at every point. */
export async function startFakeUpstream(reply: Reply | ReplyFor = NOTHING_SCRIPTED): Promise<FakeUpstream> {
  const state = new UpstreamState(reply)
  const server = net.createServer({ noDelay: true }, (socket) => new Connection(socket, state))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the fake upstream has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests: state.requests,
    connections: state.connections,
    enqueue: (...replies) => void state.queue.push(...replies),
    otherwise: (other) => void (state.fallback = other),
    early: (early) => void (state.early = early),
    request: (index) => state.waitFor(index),
    close: () =>
      new Promise((resolve) => {
        for (const socket of state.sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

class UpstreamState {
  readonly requests: Recorded[] = []
  readonly queue: (Reply | ReplyFor)[] = []
  readonly sockets = new Set<net.Socket>()
  readonly connections = { accepted: 0, open: 0 }
  fallback: Reply | ReplyFor
  early: ((head: RequestHead) => Reply | undefined) | undefined = undefined
  private readonly waiting = new Map<number, ((request: RecordedRequest) => void)[]>()

  constructor(fallback: Reply | ReplyFor) {
    this.fallback = fallback
  }

  record(request: Recorded): void {
    this.requests.push(request)
    for (const resolve of this.waiting.get(request.index) ?? []) resolve(request)
    this.waiting.delete(request.index)
  }

  waitFor(index: number): Promise<RecordedRequest> {
    const request = this.requests[index]
    if (request !== undefined) return Promise.resolve(request)
    return new Promise((resolve) => this.waiting.set(index, [...(this.waiting.get(index) ?? []), resolve]))
  }

  async replyFor(request: RecordedRequest): Promise<Reply> {
    const next = this.queue.shift() ?? this.fallback
    return typeof next === 'function' ? await next(request) : next
  }
}

class Recorded implements RecordedRequest {
  readonly receivedAt = Date.now()
  readonly ended: Promise<'complete' | 'aborted'>
  abortedAt: number | undefined = undefined
  private settle: (outcome: 'complete' | 'aborted') => void = () => {}
  readonly index: number
  readonly connection: number
  readonly head: RequestHead
  readonly body: Uint8Array

  constructor(index: number, connection: number, head: RequestHead, body: Uint8Array) {
    this.index = index
    this.connection = connection
    this.head = head
    this.body = body
    this.ended = new Promise((resolve) => (this.settle = resolve))
  }

  get method(): string {
    return this.head.method
  }
  get path(): string {
    return this.head.path
  }
  get headers(): Readonly<Record<string, string>> {
    return this.head.headers
  }
  get text(): string {
    return Buffer.from(this.body.buffer, this.body.byteOffset, this.body.byteLength).toString()
  }
  get json(): unknown {
    return JSON.parse(this.text)
  }
  get aborted(): boolean {
    return this.abortedAt !== undefined
  }

  end(outcome: 'complete' | 'aborted'): void {
    if (outcome === 'aborted') this.abortedAt = Date.now()
    this.settle(outcome)
  }
}

/** One client connection: requests one after the other, each answered by its script. */
class Connection {
  private readonly socket: net.Socket
  private readonly state: UpstreamState
  private readonly number: number
  private readonly reader: HttpRequestReader
  private current: Recorded | undefined = undefined
  private closed = false
  /** Set when the script itself ended the connection: then it is no abort of the client. */
  private endedByScript = false
  private readonly gone: Promise<void>

  constructor(socket: net.Socket, state: UpstreamState) {
    this.socket = socket
    this.state = state
    this.number = state.connections.accepted++
    state.connections.open++
    state.sockets.add(socket)
    this.reader = new HttpRequestReader({
      onHead: (head) => this.answerEarly(head),
      onRequest: (head, body) => void this.serve(head, body),
    })
    this.gone = new Promise((resolve) => socket.once('close', () => resolve(this.onClose())))
    socket.on('error', () => {}) // resets by the client are part of the game
    socket.on('data', (chunk) => {
      if (this.reader.wantsContinue(Buffer.from(chunk as Uint8Array))) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    })
  }

  private onClose(): void {
    this.closed = true
    this.state.connections.open--
    this.state.sockets.delete(this.socket)
    if (!this.endedByScript) this.current?.end('aborted')
  }

  private answerEarly(head: RequestHead): boolean {
    const reply = this.state.early?.(head)
    if (reply === undefined) return false
    this.socket.pause()
    void this.serve(head, new Uint8Array(0), reply)
    return true
  }

  private async serve(head: RequestHead, body: Uint8Array, early?: Reply): Promise<void> {
    const request = new Recorded(this.state.requests.length, this.number, head, body)
    this.current = request
    this.state.record(request)
    const reply = early ?? (await this.state.replyFor(request))
    const complete = await this.write(reply)
    this.current = undefined
    if (complete && !request.aborted) request.end('complete')
    this.reader.next()
  }

  /** False when the client went away or the script broke the answer off. */
  private async write(reply: Reply): Promise<boolean> {
    if (reply.raw !== undefined) return await this.run(reply.raw, (bytes) => bytes)
    if (!(await this.run(reply.before ?? [], (bytes) => bytes))) return false
    const body = reply.body ?? []
    const framing = reply.framing ?? 'chunked'
    this.socket.write(headOf(reply, framing, body))
    if (!(await this.run(body, framing === 'chunked' ? asChunk : (bytes) => bytes))) return false
    if (framing === 'chunked') this.socket.write('0\r\n\r\n')
    if (framing === 'close') this.end(() => this.socket.end())
    return !this.closed
  }

  private async run(steps: readonly Step[], frame: (bytes: Uint8Array) => Uint8Array): Promise<boolean> {
    for (const step of steps) {
      if (this.closed) return false
      if (typeof step === 'string' || step instanceof Uint8Array) {
        const drained = this.socket.write(frame(typeof step === 'string' ? Buffer.from(step) : step))
        if (!drained) await Promise.race([new Promise((resolve) => this.socket.once('drain', resolve)), this.gone])
        // Lets each write leave on its own, so that the client sees the cuts of the script.
        else await new Promise((resolve) => setImmediate(resolve))
      } else if ('delayMs' in step) await Promise.race([new Promise((resolve) => setTimeout(resolve, step.delayMs)), this.gone])
      else if ('until' in step) await Promise.race([step.until, this.gone])
      else {
        if ('reset' in step) this.end(() => this.socket.resetAndDestroy())
        else if ('close' in step) this.end(() => this.socket.end())
        await this.gone
        return false
      }
    }
    return !this.closed
  }

  private end(how: () => void): void {
    this.endedByScript = true
    how()
    this.current?.end('complete')
  }
}

function headOf(reply: Reply, framing: 'chunked' | 'length' | 'close', body: readonly Step[]): string {
  const headers: Record<string, string> = { 'content-type': 'application/json', ...reply.headers }
  if (framing === 'chunked') headers['transfer-encoding'] = 'chunked'
  else if (framing === 'close') headers['connection'] = 'close'
  else headers['content-length'] ??= String(body.reduce((sum, step) => sum + sizeOf(step), 0))
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${reply.status ?? 200} Scripted\r\n${lines.join('')}\r\n`
}

function sizeOf(step: Step): number {
  if (typeof step === 'string') return Buffer.byteLength(step)
  return step instanceof Uint8Array ? step.byteLength : 0
}

function asChunk(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === 0
    ? bytes
    : Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}
