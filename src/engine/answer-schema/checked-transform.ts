import type { StreamDecoder, StreamEncoder } from '../../codecs/codec.ts'
import type { GatewayError } from '../../errors/gateway-error.ts'
import { sseText } from '../../lib/sse-text.ts'
import { StreamFolder } from '../stream-folder.ts'
import type { StreamFacts, StreamTransform } from '../stream-facts.ts'
import type { AnswerCheck } from './answer-check.ts'

export interface CheckedTransformOptions {
  readonly check: AnswerCheck
  /** Of the upstream's format. */
  readonly decoder: StreamDecoder
  /** Of the client's. */
  readonly createErrorEncoder: () => StreamEncoder
}

/** Longer streams are not collected. */
const MOST_BYTES = 8 * 1024 * 1024
const encoder = new TextEncoder()

/**
 * Collects what goes through another transform, and checks it when the model has finished, before the client is told that it has. A refused
 * answer cannot be taken back: what is left of it is read for its usage, and the client gets an error in its place.
 */
export class CheckedTransform implements StreamTransform {
  refusal: GatewayError | undefined = undefined
  private readonly inner: StreamTransform
  private readonly options: CheckedTransformOptions
  /** Undefined when nothing is left to be collected. */
  private folder: StreamFolder | undefined
  private bytes = 0
  private lastWord: Uint8Array | undefined = undefined

  constructor(inner: StreamTransform, options: CheckedTransformOptions) {
    this.inner = inner
    this.options = options
    this.folder = new StreamFolder(options.decoder, undefined)
  }

  get facts(): StreamFacts {
    return this.inner.facts
  }

  get heldBytes(): number {
    return this.inner.heldBytes
  }

  get isCut(): boolean {
    return this.inner.isCut === true
  }

  push(chunk: Uint8Array): void {
    this.inner.push(chunk)
    this.collect(chunk)
  }

  end(): void {
    this.inner.end()
    if (this.facts.ended) this.judge()
    this.close()
  }

  fail(message: string): void {
    this.inner.fail(message)
    this.close()
  }

  take(): Uint8Array | undefined {
    const bytes = this.inner.take()
    if (this.refusal === undefined) return bytes
    const { lastWord } = this
    this.lastWord = undefined
    return lastWord
  }

  private collect(chunk: Uint8Array): void {
    const { folder } = this
    if (folder === undefined) return
    this.bytes += chunk.length
    if (this.bytes > MOST_BYTES) {
      this.folder = undefined
      this.options.check.giveUp('is too long to be checked by its schema')
      return
    }
    folder.push(chunk)
    if (this.hasFinished(folder)) this.judge()
  }

  /** The model has stopped. Of several answers at once that is told one by one, and then they are looked at when all have come. */
  private hasFinished({ answer: { choices } }: StreamFolder): boolean {
    return this.facts.finish !== undefined && (choices.length < 2 || choices.every(({ finish }) => finish.unified !== 'unknown'))
  }

  private judge(): void {
    const { folder } = this
    if (folder === undefined) return
    this.folder = undefined
    const { check } = this.options
    // What passes through may hold frames that no decoder takes. To end here is early for some formats, and no failure.
    if (folder.failure === undefined) check.take(folder.end())
    else check.giveUp('cannot be read')
    this.refusal = check.refusal
  }

  private close(): void {
    if (this.refusal === undefined) return
    const { message, code, httpStatus: status } = this.refusal
    let text = ''
    this.options.createErrorEncoder().write({ type: 'error', error: { message, code, status, isFinal: true } }, (event, data) => {
      text += sseText(event, data)
    })
    this.lastWord = encoder.encode(text)
  }
}
