import type { Citation } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { WriteFrame } from '../codec.ts'
import { annotationOf } from './citation.ts'
import { encodeLogprobs } from './part-encoder.ts'
import type { ItemIds, StreamWriter } from './stream-writer.ts'

/** One message item of a client stream. Texts and refusals that follow each other stand in it as content parts. */
export class StreamedMessage {
  readonly id: string
  /** Id that the upstream gave its message; a text with another one begins a new item. */
  readonly upstreamId: string | undefined
  readonly index: number
  readonly writer: StreamWriter
  private readonly phase: string | undefined
  private readonly content: JsonObject[] = []
  private started = 0
  private open = 0
  private sealed = false
  private closed = false

  constructor(ids: ItemIds, phase: string | undefined, writer: StreamWriter, frame: WriteFrame) {
    this.id = ids.id
    this.upstreamId = ids.upstreamId
    this.phase = phase
    this.writer = writer
    this.index = writer.allocate()
    writer.added(this.index, this.item('in_progress'), frame)
  }

  startPart(kind: 'text' | 'refusal', frame: WriteFrame): StreamedText {
    this.open++
    return new StreamedText(this, this.started++, kind, frame)
  }

  endPart(contentIndex: number, part: JsonObject, frame: WriteFrame): void {
    this.content[contentIndex] = part
    this.open--
    if (this.sealed) this.closeWhenDone(frame)
  }

  /** No further part will begin. The item is finished when its last part is. */
  seal(frame: WriteFrame): void {
    this.sealed = true
    this.closeWhenDone(frame)
  }

  private closeWhenDone(frame: WriteFrame): void {
    if (this.open > 0 || this.closed) return
    this.closed = true
    this.writer.done(this.index, this.item('completed'), frame)
  }

  private item(status: string): JsonObject {
    const item: JsonObject = { id: this.id, type: 'message', status, role: 'assistant', content: this.content }
    if (this.phase !== undefined) item['phase'] = this.phase
    return item
  }
}

/** One content part of a message item. */
export class StreamedText {
  private readonly message: StreamedMessage
  private readonly kind: 'text' | 'refusal'
  private readonly contentIndex: number
  /** Where the part stands, as the inside of an event. */
  private readonly place: string
  /** Everything of a delta frame before its sequence number. */
  private readonly deltaType: string
  private readonly deltaPrefix: string
  private readonly pieces: string[] = []
  private readonly annotations: JsonObject[] = []
  /** Citations without offsets cover the whole text, whose length is known at its end. */
  private readonly unplaced: Citation[] = []
  private readonly logprobs: unknown[] = []
  private ended = false

  constructor(message: StreamedMessage, contentIndex: number, kind: 'text' | 'refusal', frame: WriteFrame) {
    this.message = message
    this.kind = kind
    this.contentIndex = contentIndex
    this.place = `"item_id":${JSON.stringify(message.id)},"output_index":${message.index},"content_index":${contentIndex}`
    this.deltaType = kind === 'text' ? 'response.output_text.delta' : 'response.refusal.delta'
    this.deltaPrefix = `{"type":"${this.deltaType}",${this.place},${kind === 'text' ? '"logprobs":[],' : ''}"sequence_number":`
    message.writer.event('response.content_part.added', `${this.place},"part":${JSON.stringify(this.part(''))}`, frame)
  }

  delta(text: string, logprobs: unknown, frame: WriteFrame): void {
    this.pieces.push(text)
    if (logprobs === undefined || this.kind === 'refusal') {
      frame(this.deltaType, this.deltaPrefix + this.message.writer.sequence++ + ',"delta":' + JSON.stringify(text) + '}')
      return
    }
    const entries = encodeLogprobs(logprobs)
    this.logprobs.push(...entries)
    this.message.writer.event(
      this.deltaType,
      `${this.place},"delta":${JSON.stringify(text)},"logprobs":${JSON.stringify(entries)}`,
      frame,
    )
  }

  citation(citation: Citation, frame: WriteFrame): void {
    if (citation.origin !== 'responses' && (citation.start === undefined || citation.end === undefined))
      this.unplaced.push(citation)
    else this.annotate(citation, 0, frame)
  }

  end(frame: WriteFrame): void {
    if (this.ended) return
    this.ended = true
    const text = this.pieces.join('')
    for (const citation of this.unplaced) this.annotate(citation, text.length, frame)
    const { writer } = this.message
    const json = JSON.stringify(text)
    if (this.kind === 'text')
      writer.event('response.output_text.done', `${this.place},"text":${json},"logprobs":${JSON.stringify(this.logprobs)}`, frame)
    else writer.event('response.refusal.done', `${this.place},"refusal":${json}`, frame)
    const part = this.part(text)
    writer.event('response.content_part.done', `${this.place},"part":${JSON.stringify(part)}`, frame)
    this.message.endPart(this.contentIndex, part, frame)
  }

  private annotate(citation: Citation, textLength: number, frame: WriteFrame): void {
    const annotation = annotationOf(citation, textLength)
    if (annotation === undefined) return
    const fields = `${this.place},"annotation_index":${this.annotations.length},"annotation":${JSON.stringify(annotation)}`
    this.annotations.push(annotation)
    this.message.writer.event('response.output_text.annotation.added', fields, frame)
  }

  private part(text: string): JsonObject {
    if (this.kind === 'refusal') return { type: 'refusal', refusal: text }
    return { type: 'output_text', text, annotations: this.annotations, logprobs: this.logprobs }
  }
}
