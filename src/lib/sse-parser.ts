/** One server-sent event: `event` is undefined when the frame names none; `data` lines are joined with `\n`. */
export interface SseFrame {
  readonly event: string | undefined
  readonly data: string
}

/** Thrown when one frame grows beyond the limit. */
export class FrameTooLargeError extends Error {
  override readonly name = 'FrameTooLargeError'
}

const LF = 10

/**
 * Server-sent events from bytes that may be cut anywhere, inside a character, a line or a CRLF. Each chunk is decoded once and
 * scanned once; only the unfinished tail of a line is kept. Comments and unknown fields are skipped, as the standard says.
 */
export class SseParser {
  private readonly decoder = new TextDecoder('utf-8')
  private readonly maxFrameLength: number
  private rest = ''
  private event: string | undefined = undefined
  private data: string | undefined = undefined
  private frameLength = 0
  private afterCarriageReturn = false

  /** `maxFrameLength` is in UTF-16 units; a larger frame throws `FrameTooLargeError`. */
  constructor(maxFrameLength = 16 * 1024 * 1024) {
    this.maxFrameLength = maxFrameLength
  }

  push(chunk: Uint8Array, emit: (frame: SseFrame) => void): void {
    this.feed(this.decoder.decode(chunk, { stream: true }), emit)
  }

  /** The stream ended: a last frame without its blank line is still delivered. */
  end(emit: (frame: SseFrame) => void): void {
    this.feed(this.decoder.decode(), emit)
    if (this.rest !== '') {
      this.line(this.rest)
      this.rest = ''
    }
    this.dispatch(emit)
  }

  private feed(chunk: string, emit: (frame: SseFrame) => void): void {
    let text = chunk
    if (this.afterCarriageReturn && text !== '') {
      this.afterCarriageReturn = false
      if (text.charCodeAt(0) === LF) text = text.slice(1)
    }
    if (text === '') return
    const hasCarriageReturn = text.includes('\r')
    if (!hasCarriageReturn && !text.includes('\n')) return this.grow(text)
    if (this.rest !== '') text = this.rest + text
    let start = 0
    for (;;) {
      const end = hasCarriageReturn ? nextLineEnd(text, start) : text.indexOf('\n', start)
      if (end === -1) break
      if (end === start) this.dispatch(emit)
      else this.line(text.slice(start, end))
      start = end + 1
      if (hasCarriageReturn && text.charCodeAt(end) === 13) {
        if (start === text.length) this.afterCarriageReturn = true
        else if (text.charCodeAt(start) === LF) start++
      }
    }
    this.rest = ''
    this.grow(text.slice(start))
  }

  /** Adds to the unfinished line without looking at it again: long lines stay linear. */
  private grow(text: string): void {
    this.rest += text
    if (this.rest.length + this.frameLength > this.maxFrameLength)
      throw new FrameTooLargeError(`a frame exceeds ${this.maxFrameLength} characters`)
  }

  private line(line: string): void {
    this.frameLength += line.length
    if (this.frameLength > this.maxFrameLength) throw new FrameTooLargeError(`a frame exceeds ${this.maxFrameLength} characters`)
    if (line.startsWith('data:')) {
      const value = line.slice(line.charCodeAt(5) === 32 ? 6 : 5)
      this.data = this.data === undefined ? value : `${this.data}\n${value}`
    } else if (line.startsWith('event:')) {
      this.event = line.slice(line.charCodeAt(6) === 32 ? 7 : 6)
    }
  }

  private dispatch(emit: (frame: SseFrame) => void): void {
    const { event, data } = this
    this.event = undefined
    this.data = undefined
    this.frameLength = 0
    if (data !== undefined) emit({ event, data })
  }
}

/** The one event in the text of a whole frame; undefined when it holds none. Without the state that a parser of a stream needs. */
export function parseFrame(text: string): SseFrame | undefined {
  let event: string | undefined
  let data: string | undefined
  for (const line of text.split(text.includes('\r') ? /\r\n|\r|\n/ : '\n')) {
    if (line.startsWith('data:')) {
      const value = line.slice(line.charCodeAt(5) === 32 ? 6 : 5)
      data = data === undefined ? value : `${data}\n${value}`
    } else if (line.startsWith('event:')) event = line.slice(line.charCodeAt(6) === 32 ? 7 : 6)
  }
  return data === undefined ? undefined : { event, data }
}

function nextLineEnd(text: string, start: number): number {
  const lf = text.indexOf('\n', start)
  const cr = text.indexOf('\r', start)
  if (cr === -1) return lf
  return lf === -1 ? cr : Math.min(lf, cr)
}
