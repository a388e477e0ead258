import type { AnswerStream } from '../engine/engine.ts'
import { SseParser } from '../lib/sse-parser.ts'

const CLOSE = ']'
const BETWEEN = ',\r\n'

/** A stream of events as one JSON list of their data, growing while it is sent: what clients of Google's API get who ask for no events. */
export class JsonListStream implements AnswerStream {
  /** White space between two entries says nothing. */
  readonly ping = Buffer.from('\n')
  readonly pingMs: number
  private readonly events: AnswerStream
  private readonly parser = new SseParser()
  private output = ''
  private entries = 0
  private isClosed = false

  constructor(events: AnswerStream) {
    this.events = events
    this.pingMs = events.pingMs
  }

  async next(): Promise<Uint8Array | undefined> {
    while (!this.isClosed) {
      const chunk = await this.events.next()
      if (chunk === undefined) this.close()
      else this.parser.push(chunk, this.onFrame)
      const bytes = this.written()
      if (bytes !== undefined) return bytes
    }
    return undefined
  }

  take(): Uint8Array | undefined {
    const chunk = this.events.take?.()
    if (chunk === undefined) return undefined
    this.parser.push(chunk, this.onFrame)
    return this.written()
  }

  cancel(): void {
    this.events.cancel()
  }

  private readonly onFrame = ({ data }: { readonly data: string }): void => {
    if (data === '') return
    this.output += `${this.entries === 0 ? '[' : BETWEEN}${data}`
    this.entries++
  }

  private close(): void {
    this.parser.end(this.onFrame)
    this.output += this.entries === 0 ? `[${CLOSE}` : CLOSE
    this.isClosed = true
  }

  private written(): Uint8Array | undefined {
    if (this.output === '') return undefined
    const bytes = Buffer.from(this.output)
    this.output = ''
    return bytes
  }
}
