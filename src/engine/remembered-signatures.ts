import type { Codec, StreamDecoder } from '../codecs/codec.ts'
import type { ContentPart, ToolCallPart } from '../ir/content.ts'
import type { LlmRequest, Message } from '../ir/request.ts'
import type { LlmResponse } from '../ir/response.ts'
import type { Emit, StreamEvent } from '../ir/stream-event.ts'
import type { SseFrame } from '../lib/sse-parser.ts'
import type { Provider } from '../providers/provider.types.ts'
import type { SignatureStore } from '../state/signatures/store.ts'
import { ownerOf } from './conversation.ts'
import type { Call } from './engine.ts'

/**
 * The codec of a target. Where its server signs calls, it remembers their signatures when it reads an answer, and puts them back into
 * requests in which they are missing. Clients that speak the server's own format keep them themselves.
 */
export function signingCodec(
  { codec, quirks }: Pick<Provider, 'codec' | 'quirks'>,
  call: Pick<Call, 'codec' | 'principal'>,
  store: SignatureStore | undefined,
): Codec {
  const signs = codec.format === 'gemini' || quirks.thoughtSignatures === true
  if (!signs || store === undefined || call.codec.format === 'gemini') return codec
  const memory = new OwnSignatures(store, ownerOf(call.principal))
  return {
    ...codec,
    encodeRequest: (request, target) => codec.encodeRequest(memory.restored(request), target),
    decodeResponse(body) {
      const decoded = codec.decodeResponse(body)
      memory.keepAll(decoded.value)
      return decoded
    },
    createStreamDecoder: () => new KeepingDecoder(codec.createStreamDecoder(), memory),
  }
}

/** What is remembered for one owner. */
class OwnSignatures {
  private readonly store: SignatureStore
  private readonly owner: string

  constructor(store: SignatureStore, owner: string) {
    this.store = store
    this.owner = owner
  }

  keep({ id, signature }: Pick<ToolCallPart, 'id' | 'signature'>): void {
    if (signature !== undefined && id !== '') this.store.remember({ owner: this.owner, callId: id }, signature)
  }

  keepAll({ choices }: LlmResponse): void {
    for (const { content } of choices) for (const part of content) if (part.type === 'tool-call') this.keep(part)
  }

  /** The request itself is left as it is: another target may get it next. */
  restored(request: LlmRequest): LlmRequest {
    if (this.store.size === 0) return request
    const messages = request.messages.map((message) => this.restoredMessage(message))
    return messages.every((message, index) => message === request.messages[index]) ? request : { ...request, messages }
  }

  private restoredMessage(message: Message): Message {
    if (message.role !== 'assistant') return message
    const content = message.content.map((part) => this.restoredPart(part))
    return content.every((part, index) => part === message.content[index]) ? message : { ...message, content }
  }

  private restoredPart(part: ContentPart): ContentPart {
    if (part.type !== 'tool-call' || part.signature !== undefined) return part
    const signature = this.store.recall({ owner: this.owner, callId: part.id })
    return signature === undefined ? part : { ...part, signature }
  }
}

/** A decoder whose calls are noted while they pass. */
class KeepingDecoder implements StreamDecoder {
  private readonly decoder: StreamDecoder
  private readonly memory: OwnSignatures
  private emit: Emit | undefined = undefined

  constructor(decoder: StreamDecoder, memory: OwnSignatures) {
    this.decoder = decoder
    this.memory = memory
  }

  push(frame: SseFrame, emit: Emit): void {
    this.emit = emit
    this.decoder.push(frame, this.onEvent)
  }

  end(emit: Emit): void {
    this.emit = emit
    this.decoder.end(this.onEvent)
  }

  private readonly onEvent = (event: StreamEvent): void => {
    if (event.type === 'tool-call-start') this.memory.keep(event)
    this.emit?.(event)
  }
}
