import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Emit } from '../../ir/stream-event.ts'
import { answerAudio, answerImages, answerPieces } from './answer-content.ts'
import { decodeAnnotation } from './citation.ts'
import { decodeFinish } from './finish.ts'
import { detailText } from './reasoning-decoder.ts'
import { ReasoningDetails } from './reasoning-details.ts'
import { type CallScope, StreamToolCalls } from './stream-tool-calls.ts'

const NONE = -1

/** Decodes the deltas of one choice into blocks. Empty texts, which many servers send beside everything, open no block. */
export class StreamChoice {
  finished = false
  private readonly scope: CallScope
  private readonly calls: StreamToolCalls
  private readonly details = new ReasoningDetails()
  private textBlock = NONE
  private refusalBlock = NONE
  private reasoningBlock = NONE
  private audio: { object: JsonObject; data: Buffer[]; transcript: string[] } | undefined = undefined
  private calledTools = false
  /** Reasoning of the open block that came in a field of its own; details may repeat it at the end. */
  private toldApart = ''

  constructor(scope: CallScope) {
    this.scope = scope
    this.calls = new StreamToolCalls(scope)
  }

  push(choice: JsonObject, emit: Emit): void {
    const delta = isObject(choice['delta']) ? choice['delta'] : choice['message']
    if (isObject(delta)) this.delta(delta, choice['logprobs'], emit)
    const finish = choice['finish_reason']
    if (typeof finish !== 'string' || finish === '' || this.finished) return
    this.close(emit)
    this.finished = true
    const matched = choice['stop_reason'] ?? choice['matched_stop']
    emit({ type: 'finish', choice: this.scope.choice, reason: decodeFinish(finish, this.calledTools, matched) })
  }

  /** The stream ended well. Tool calls make a reason of their own when the server gave none. */
  end(emit: Emit): void {
    this.close(emit)
    if (this.finished || !this.calledTools) return
    this.finished = true
    emit({ type: 'finish', choice: this.scope.choice, reason: { unified: 'tool-calls' } })
  }

  private close(emit: Emit): void {
    this.closeReasoning(emit)
    this.closeText(emit)
    this.closeRefusal(emit)
    this.flushAudio(emit)
    if (this.calls.any) this.calledTools = true
    this.calls.end(emit)
  }

  private delta(delta: JsonObject, logprobs: unknown, emit: Emit): void {
    let unknown: JsonObject | undefined
    // A loop over the keys that are there, instead of a probe for each that could be: most deltas hold one.
    for (const key of Object.keys(delta)) {
      const value = delta[key]
      if (value === null || value === undefined || value === '') continue
      switch (key) {
        case 'content':
        case 'role':
        case 'reasoning':
          break // content is read below, behind the reasoning of the same delta
        case 'reasoning_content':
          if (typeof value === 'string') this.reasoningApart(value, emit)
          break
        case 'reasoning_details':
          if (Array.isArray(value)) this.reasoningDetails(value, delta, emit)
          break
        case 'refusal':
          if (typeof value === 'string') this.refusal(value, emit)
          break
        case 'tool_calls':
          break
        case 'function_call':
          if (isObject(value)) this.toolCalls([{ index: NONE, function: value }], emit)
          break
        case 'audio':
          if (isObject(value)) this.addAudio(value)
          break
        default:
          if (!this.list(key, value)) unknown = Object.assign(unknown ?? Object.create(null), { [key]: value }) as JsonObject
      }
    }
    if (typeof delta['reasoning'] === 'string' && delta['reasoning'] !== '' && !delta['reasoning_content'])
      this.reasoningApart(delta['reasoning'], emit)
    this.content(delta['content'], logprobs, emit)
    this.lists(delta, emit)
    if (unknown !== undefined)
      emit({ type: 'opaque', format: 'openai', event: 'delta', data: { index: this.scope.choice, delta: unknown } })
  }

  private list(key: string, value: unknown): boolean {
    return (key === 'annotations' || key === 'images') && Array.isArray(value)
  }

  /** What has to stand behind the text of the same delta. */
  private lists(delta: JsonObject, emit: Emit): void {
    const { annotations, images, tool_calls: calls } = delta
    if (Array.isArray(annotations) && annotations.length > 0) {
      const block = this.openText(emit)
      for (const annotation of annotations)
        if (isObject(annotation)) emit({ type: 'citation', block, citation: decodeAnnotation(annotation) })
    }
    if (Array.isArray(images))
      for (const part of answerImages(images))
        emit({ type: 'part', block: this.scope.nextBlock(), choice: this.scope.choice, part })
    if (Array.isArray(calls) && calls.length > 0) this.toolCalls(calls, emit)
  }

  private content(content: unknown, logprobs: unknown, emit: Emit): void {
    if (typeof content === 'string') {
      if (content !== '') this.text(content, logprobs, emit)
      return
    }
    if (!Array.isArray(content)) return
    for (const piece of answerPieces(content, (part) => this.unknownPart(part, emit))) {
      if (piece.kind === 'text') this.text(piece.text, logprobs, emit)
      else this.reasoning(piece.text, emit)
    }
  }

  private unknownPart(part: unknown, emit: Emit): void {
    emit({ type: 'opaque', format: 'openai', event: 'delta', data: { index: this.scope.choice, delta: { content: [part] } } })
  }

  private text(text: string, logprobs: unknown, emit: Emit): void {
    const block = this.openText(emit)
    const tokens = isObject(logprobs) ? logprobs['content'] : undefined
    if (Array.isArray(tokens)) emit({ type: 'text-delta', block, text, logprobs: tokens })
    else emit({ type: 'text-delta', block, text })
  }

  private openText(emit: Emit): number {
    if (this.textBlock !== NONE) return this.textBlock
    this.closeReasoning(emit)
    this.textBlock = this.scope.nextBlock()
    emit({ type: 'text-start', block: this.textBlock, choice: this.scope.choice })
    return this.textBlock
  }

  private refusal(text: string, emit: Emit): void {
    if (this.refusalBlock === NONE) {
      this.closeReasoning(emit)
      this.closeText(emit)
      this.refusalBlock = this.scope.nextBlock()
      emit({ type: 'refusal-start', block: this.refusalBlock, choice: this.scope.choice })
    }
    emit({ type: 'refusal-delta', block: this.refusalBlock, text })
  }

  private reasoning(text: string, emit: Emit): void {
    this.openReasoning(emit)
    emit({ type: 'reasoning-delta', block: this.reasoningBlock, text, form: 'text' })
  }

  private reasoningApart(text: string, emit: Emit): void {
    this.toldApart += text
    this.reasoning(text, emit)
  }

  private openReasoning(emit: Emit): void {
    if (this.reasoningBlock !== NONE) return
    this.closeText(emit)
    this.reasoningBlock = this.scope.nextBlock()
    emit({ type: 'reasoning-start', block: this.reasoningBlock, choice: this.scope.choice })
  }

  private reasoningDetails(details: readonly unknown[], delta: JsonObject, emit: Emit): void {
    if (details.length === 0) return
    this.openReasoning(emit)
    this.details.add(details)
    // Most servers repeat the text in a field of its own; only without one is it read from here.
    if (delta['reasoning'] || delta['reasoning_content']) return
    const text = details.map(detailText).join('')
    if (text !== '' && !this.toldApart.endsWith(text)) this.reasoning(text, emit)
  }

  private toolCalls(deltas: readonly unknown[], emit: Emit): void {
    this.closeReasoning(emit)
    this.closeText(emit)
    this.calls.push(deltas, emit)
  }

  private closeText(emit: Emit): void {
    if (this.textBlock === NONE) return
    emit({ type: 'text-end', block: this.textBlock })
    this.textBlock = NONE
  }

  private closeRefusal(emit: Emit): void {
    if (this.refusalBlock === NONE) return
    emit({ type: 'refusal-end', block: this.refusalBlock })
    this.refusalBlock = NONE
  }

  private closeReasoning(emit: Emit): void {
    if (this.reasoningBlock === NONE) return
    const details = this.details.take()
    if (details !== undefined) emit({ type: 'reasoning-state', block: this.reasoningBlock, origin: 'openai', details })
    emit({ type: 'reasoning-end', block: this.reasoningBlock })
    this.toldApart = ''
    this.reasoningBlock = NONE
  }

  /** Audio comes in pieces that are base64 each on their own. */
  private addAudio(audio: JsonObject): void {
    this.audio ??= { object: {}, data: [], transcript: [] }
    if (typeof audio['data'] === 'string') this.audio.data.push(Buffer.from(audio['data'], 'base64'))
    if (typeof audio['transcript'] === 'string') this.audio.transcript.push(audio['transcript'])
    for (const key of ['id', 'expires_at']) if (audio[key] !== undefined) this.audio.object[key] = audio[key]
  }

  private flushAudio(emit: Emit): void {
    if (this.audio === undefined) return
    const { object, data, transcript } = this.audio
    this.audio = undefined
    const part = answerAudio({ ...object, data: Buffer.concat(data).toString('base64'), transcript: transcript.join('') })
    emit({ type: 'part', block: this.scope.nextBlock(), choice: this.scope.choice, part })
  }
}
