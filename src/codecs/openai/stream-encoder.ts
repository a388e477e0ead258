import type { ContentPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { mergeUsage, type Usage } from '../../ir/usage.ts'
import type { ClientContext, StreamEncoder, WriteFrame } from '../codec.ts'
import { encodeAnswerImages } from './answer-content.ts'
import { encodeAnswerAudio } from './answer-parts.ts'
import { ClientTools } from './client-tools.ts'
import { encodeFailure } from './error.ts'
import { encodeFinish } from './finish.ts'
import { answerId, isKnownTier } from './response-encoder.ts'
import { ChoiceBlocks } from './stream-blocks.ts'
import { encodeUsage } from './usage.ts'

/** Canonical events → chunks of `POST /v1/chat/completions`. */
export class OpenaiStreamEncoder implements StreamEncoder {
  private readonly context: ClientContext
  private readonly blocks: ChoiceBlocks
  /** Everything before the index of the choice; changes only when metadata arrives. */
  private head = ''
  private readonly tail: string
  private id: string
  private createdAt: number
  private readonly metadata: JsonObject = Object.create(null) as JsonObject
  /** Objects of the metadata, written once, with the next chunk that ends something. */
  private pendingMetadata = ''
  private usage: Usage | undefined = undefined
  private readonly finished = new Set<number>()
  private readonly opened = new Set<number>()
  private frame: WriteFrame = () => undefined

  constructor(context: ClientContext) {
    this.context = context
    this.id = answerId(undefined, context)
    this.createdAt = context.createdAt
    this.tail = context.request.includeUsage === true ? ',"usage":null}' : '}'
    this.blocks = new ChoiceBlocks(new ClientTools(context.request), (choice, delta) => this.delta(choice, delta))
    this.buildHead()
  }

  write(event: StreamEvent, frame: WriteFrame): void {
    this.frame = frame
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
      case 'refusal-delta':
      case 'tool-call-delta':
        if (event.type === 'text-delta' && event.logprobs !== undefined) this.textWithLogprobs(event)
        else this.blocks.write(event)
        return
      case 'response-start':
        this.start(event)
        return
      case 'usage':
        this.usage = mergeUsage(this.usage, event.usage)
        return
      case 'finish':
        this.finish(event.choice, encodeFinish(event.reason))
        return
      case 'metadata':
        if (event.format === 'openai') this.addMetadata(event.fields)
        return
      case 'part':
        this.part(event.choice, event.part)
        return
      case 'opaque':
        if (event.format === 'openai' && event.event === 'delta' && isObject(event.data)) this.replay(event.data)
        return
      case 'error':
        frame(undefined, encodeFailure(event.error))
        return
      case 'ping':
      case 'end':
        return
      default:
        this.blocks.write(event)
    }
  }

  end(frame: WriteFrame): void {
    this.frame = frame
    if (this.opened.size === 0) this.open(0)
    for (const choice of this.opened) if (!this.finished.has(choice)) this.finish(choice, 'stop')
    if (this.context.request.includeUsage === true && this.usage !== undefined) {
      frame(undefined, `${this.prefix()}],"usage":${JSON.stringify(encodeUsage(this.usage))}${this.takePending()}}`)
    } else if (this.pendingMetadata !== '') {
      frame(undefined, `${this.prefix()}]${this.takePending()}${this.tail}`)
    }
    frame(undefined, '[DONE]')
  }

  private start(event: Extract<StreamEvent, { type: 'response-start' }>): void {
    this.id = answerId(event.id, this.context)
    this.createdAt = event.createdAt ?? this.context.createdAt
    if (event.usage !== undefined) this.usage = mergeUsage(this.usage, event.usage)
    this.buildHead()
    this.open(0)
  }

  private buildHead(): void {
    const { id, createdAt } = this
    const fields = JSON.stringify(this.metadata).slice(1, -1)
    const start = `{"id":${JSON.stringify(id)},"object":"chat.completion.chunk","created":${createdAt},"model":${JSON.stringify(this.context.model)},`
    this.head = `${start}${fields === '' ? '' : `${fields},`}"choices":[{"index":`
  }

  /** The head without the choice it opens. */
  private prefix(): string {
    return this.head.slice(0, -'{"index":'.length)
  }

  /** Writes `delta`, the JSON of an object without its braces. The hot path: one concatenation a chunk. */
  private delta(choice: number, delta: string): void {
    if (!this.opened.has(choice)) this.open(choice)
    this.frame(undefined, `${this.head}${choice},"delta":{${delta}},"logprobs":null,"finish_reason":null}]${this.tail}`)
  }

  private open(choice: number): void {
    if (this.opened.has(choice)) return
    this.opened.add(choice)
    this.delta(choice, '"role":"assistant","content":"","refusal":null')
  }

  private textWithLogprobs(event: Extract<StreamEvent, { type: 'text-delta' }>): void {
    const choice = this.blocks.textChoice(event)
    const tokens = Array.isArray(event.logprobs) ? event.logprobs : [event.logprobs]
    const logprobs = JSON.stringify({ content: tokens, refusal: null })
    if (!this.opened.has(choice)) this.open(choice)
    this.frame(
      undefined,
      `${this.head}${choice},"delta":{"content":${JSON.stringify(event.text)}},"logprobs":${logprobs},"finish_reason":null}]${this.tail}`,
    )
  }

  private finish(choice: number, reason: string): void {
    if (this.finished.has(choice)) return
    if (!this.opened.has(choice)) this.open(choice)
    this.finished.add(choice)
    this.frame(
      undefined,
      `${this.head}${choice},"delta":{},"logprobs":null,"finish_reason":"${reason}"}]${this.takePending()}${this.tail}`,
    )
  }

  private addMetadata(fields: Record<string, unknown>): void {
    const objects: JsonObject = Object.create(null) as JsonObject
    for (const key of Object.keys(fields)) {
      const value = fields[key]
      if (key === 'service_tier' && !isKnownTier(value)) continue
      if (typeof value === 'object') objects[key] = value
      else this.metadata[key] = value
    }
    const later = JSON.stringify(objects).slice(1, -1)
    if (later !== '') this.pendingMetadata += `,${later}`
    this.buildHead()
  }

  private takePending(): string {
    const pending = this.pendingMetadata
    this.pendingMetadata = ''
    return pending
  }

  private part(choice: number, part: ContentPart): void {
    if (part.type === 'image') this.delta(choice, `"images":${JSON.stringify(encodeAnswerImages([part]))}`)
    else if (part.type === 'audio') this.delta(choice, `"audio":${JSON.stringify(encodeAnswerAudio(part))}`)
  }

  /** Fields of a delta that only this format knows. */
  private replay(data: JsonObject): void {
    const { index, delta } = data
    if (typeof index === 'number' && isObject(delta)) this.delta(index, JSON.stringify(delta).slice(1, -1))
  }
}
