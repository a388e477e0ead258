/** Start line and headers of a request. */
export interface RequestHead {
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** Lower-case names; repeated ones are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
}

export interface HttpRequestReaderOptions {
  /** The headers are here; true means the body is not wanted, and nothing more is read. */
  readonly onHead: (head: RequestHead) => boolean
  readonly onRequest: (head: RequestHead, body: Uint8Array) => void
}

type Mode = 'head' | 'length' | 'chunk-size' | 'chunk' | 'trailer' | 'paused'

/** HTTP/1.1 requests from the bytes of one connection. Small and strict enough for tests; not for production. */
export class HttpRequestReader {
  private readonly options: HttpRequestReaderOptions
  private mode: Mode = 'head'
  private rest: Buffer = Buffer.alloc(0)
  private head: RequestHead | undefined = undefined
  private body: Uint8Array[] = []
  private missing = 0
  private continueWanted = false

  constructor(options: HttpRequestReaderOptions) {
    this.options = options
  }

  /** Takes the bytes; true when the client waits for `100 Continue`. */
  wantsContinue(chunk: Buffer): boolean {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    this.advance()
    const wanted = this.continueWanted
    this.continueWanted = false
    return wanted
  }

  /** The answer is written: reads the next request of the connection. */
  next(): void {
    if (this.mode !== 'paused') return
    this.mode = 'head'
    this.advance()
  }

  private advance(): void {
    for (;;) {
      const before = this.mode
      const length = this.rest.length
      if (this.mode === 'head') this.readHead()
      else if (this.mode === 'length' || this.mode === 'chunk') this.readBytes()
      else if (this.mode === 'chunk-size') this.readChunkSize()
      else if (this.mode === 'trailer') this.readTrailer()
      if (this.mode === 'paused' || (this.mode === before && this.rest.length === length)) return
    }
  }

  private readHead(): void {
    const end = this.rest.indexOf('\r\n\r\n')
    if (end === -1) return
    const [start = '', ...lines] = this.rest.toString('latin1', 0, end).split('\r\n')
    this.rest = this.rest.subarray(end + 4)
    const [method = '', path = ''] = start.split(' ')
    const headers: Record<string, string> = {}
    for (const line of lines) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).trim()
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
    }
    this.head = { method, path, headers }
    this.body = []
    this.missing = Number(headers['content-length'] ?? 0)
    this.continueWanted = headers['expect'] === '100-continue'
    if (this.options.onHead(this.head)) this.mode = 'paused'
    else if (headers['transfer-encoding'] === 'chunked') this.mode = 'chunk-size'
    else this.mode = 'length'
  }

  private readBytes(): void {
    const taken = this.rest.subarray(0, this.missing)
    this.body.push(taken)
    this.missing -= taken.length
    this.rest = this.rest.subarray(taken.length)
    if (this.missing > 0) return
    if (this.mode === 'length') return this.finish()
    if (this.rest.length < 2) return
    this.rest = this.rest.subarray(2)
    this.mode = 'chunk-size'
  }

  private readChunkSize(): void {
    const end = this.rest.indexOf('\r\n')
    if (end === -1) return
    this.missing = Number.parseInt(this.rest.toString('latin1', 0, end), 16)
    this.rest = this.rest.subarray(end + 2)
    this.mode = this.missing === 0 ? 'trailer' : 'chunk'
  }

  private readTrailer(): void {
    if (this.rest.length < 2) return
    this.rest = this.rest.subarray(2)
    this.finish()
  }

  private finish(): void {
    this.mode = 'paused'
    const { head } = this
    if (head !== undefined) this.options.onRequest(head, Buffer.concat(this.body))
  }
}
