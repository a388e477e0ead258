import type { Diagnostic } from '../../ir/diagnostic.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import type { ClientContext, StreamEncoder, WriteFrame } from '../codec.ts'
import { AnswerWriter, type WritePart } from './answer-writer.ts'
import { encodeFailure } from './error.ts'
import { encodeLogprobs } from './logprobs.ts'

/**
 * Canonical events → chunks of an answer. Text and thoughts go on as they come; a call is written when its arguments are whole, since
 * the format has no pieces of them. Reasons and usage stand in the last chunk.
 */
export class GeminiStreamEncoder implements StreamEncoder {
  readonly diagnostics: readonly Diagnostic[]
  private readonly answer: AnswerWriter
  private failed: boolean
  private frame: WriteFrame | undefined

  constructor(context: ClientContext) {
    this.answer = new AnswerWriter(context)
    this.diagnostics = this.answer.report.diagnostics
    this.failed = false
    this.frame = undefined
  }

  write(event: StreamEvent, frame: WriteFrame): void {
    if (event.type === 'error') {
      this.failed = true
      frame(undefined, encodeFailure(event.error))
      return
    }
    this.frame = frame
    this.answer.write(event, this.writePart)
  }

  end(frame: WriteFrame): void {
    if (this.failed) return
    this.frame = frame
    this.answer.closeBlocks(this.writePart)
    frame(undefined, JSON.stringify(this.answer.closing()))
  }

  /** One for the whole stream, because it is called for every delta. */
  private readonly writePart: WritePart = (choice, part, logprobs) => {
    const result = logprobs === undefined ? undefined : encodeLogprobs(logprobs)
    const beside = result === undefined ? '' : `,"logprobsResult":${JSON.stringify(result)}`
    const candidate = `{"content":{"parts":[${JSON.stringify(part)}],"role":"model"},"index":${choice}${beside}}`
    this.frame?.(undefined, `{"candidates":[${candidate}],${this.answer.identity}}`)
  }
}
