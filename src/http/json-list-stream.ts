import type { AnswerStream } from '../engine/engine.ts'
import { ReframedStream } from './reframed-stream.ts'

const CLOSE = ']'
const BETWEEN = ',\r\n'

/** A stream of events as one JSON list of their data, growing while it is sent: what clients of Google's API get who ask for no events. */
export class JsonListStream extends ReframedStream {
  /** White space between two entries says nothing. */
  readonly ping = Buffer.from('\n')
  readonly pingMs: number
  private output = ''
  private entries = 0

  constructor(events: AnswerStream) {
    super(events)
    this.pingMs = events.pingMs
  }

  protected write({ data }: { readonly data: string }): void {
    this.output += `${this.entries === 0 ? '[' : BETWEEN}${data}`
    this.entries++
  }

  protected finish(): void {
    this.output += this.entries === 0 ? `[${CLOSE}` : CLOSE
  }

  protected written(): Uint8Array | undefined {
    if (this.output === '') return undefined
    const bytes = Buffer.from(this.output)
    this.output = ''
    return bytes
  }
}
