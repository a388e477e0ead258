import type { JsonObject } from '../../ir/json.ts'
import { isObject } from '../../ir/json.ts'
import type { Emit } from '../../ir/stream-event.ts'
import { citationOf } from './citation.ts'

/** Hands out block numbers in the order in which blocks start. */
export interface BlockCounter {
  next: number
}

/** A content part of a message item that has begun. */
export interface OpenPart {
  readonly block: number
  readonly kind: 'text' | 'refusal'
  /** Deltas came, so the whole text that follows them is a repetition. */
  sawDelta: boolean
  citations: number
  ended: boolean
}

/** A message item while it streams. Parts begin at their first sign, whichever event that is. */
export class MessageItem {
  readonly kind = 'message'
  private readonly id: string | undefined
  private readonly phase: string | undefined
  private readonly blocks: BlockCounter
  private readonly parts: (OpenPart | undefined)[] = []

  constructor(item: JsonObject, blocks: BlockCounter) {
    this.id = typeof item['id'] === 'string' ? item['id'] : undefined
    this.phase = typeof item['phase'] === 'string' ? item['phase'] : undefined
    this.blocks = blocks
  }

  start(index: number, kind: 'text' | 'refusal', emit: Emit): OpenPart {
    const known = this.parts[index]
    if (known !== undefined) return known
    const part: OpenPart = { block: this.blocks.next++, kind, sawDelta: false, citations: 0, ended: false }
    this.parts[index] = part
    if (kind === 'refusal') emit({ type: 'refusal-start', block: part.block, choice: 0 })
    else emit({ type: 'text-start', block: part.block, choice: 0, id: this.id, phase: this.phase })
    return part
  }

  /** A piece of a part that `start` has given. */
  delta(part: OpenPart, text: string, logprobs: unknown, emit: Emit): void {
    if (part.ended) return
    part.sawDelta = true
    if (part.kind === 'refusal') emit({ type: 'refusal-delta', block: part.block, text })
    else if (Array.isArray(logprobs) && logprobs.length > 0) emit({ type: 'text-delta', block: part.block, text, logprobs })
    else emit({ type: 'text-delta', block: part.block, text })
  }

  citation(index: number, annotation: unknown, emit: Emit): void {
    if (!isObject(annotation)) return
    const part = this.start(index, 'text', emit)
    if (part.ended) return
    part.citations++
    emit({ type: 'citation', block: part.block, citation: citationOf(annotation) })
  }

  /** The whole text of a part: told when no delta told it. */
  whole(part: OpenPart, text: unknown, logprobs: unknown, emit: Emit): void {
    if (!part.sawDelta && typeof text === 'string' && text !== '') this.delta(part, text, logprobs, emit)
  }

  /** A finished part: adds what is missing and closes it. */
  finishPart(index: number, content: unknown, emit: Emit): void {
    if (!isObject(content)) return
    const kind = content['type'] === 'refusal' ? 'refusal' : 'text'
    if (kind === 'text' && typeof content['text'] !== 'string') return
    const part = this.start(index, kind, emit)
    this.whole(part, kind === 'refusal' ? content['refusal'] : content['text'], content['logprobs'], emit)
    if (part.ended) return
    const annotations = Array.isArray(content['annotations']) ? content['annotations'] : []
    for (const annotation of annotations.slice(part.citations)) this.citation(index, annotation, emit)
    this.endPart(part, emit)
  }

  /** The finished item. */
  done(item: JsonObject, emit: Emit): void {
    const content = Array.isArray(item['content']) ? item['content'] : []
    content.forEach((part: unknown, index) => this.finishPart(index, part, emit))
    this.close(emit)
  }

  close(emit: Emit): void {
    for (const part of this.parts) if (part !== undefined) this.endPart(part, emit)
  }

  private endPart(part: OpenPart, emit: Emit): void {
    if (part.ended) return
    part.ended = true
    emit({ type: part.kind === 'refusal' ? 'refusal-end' : 'text-end', block: part.block })
  }
}

/** A function or custom tool call while it streams. */
export class CallItem {
  readonly kind = 'call'
  private readonly block: number
  private sawDelta = false
  private ended = false

  constructor(item: JsonObject, blocks: BlockCounter, emit: Emit) {
    this.block = blocks.next++
    const itemId = typeof item['id'] === 'string' ? item['id'] : undefined
    emit({
      type: 'tool-call-start',
      block: this.block,
      choice: 0,
      id: typeof item['call_id'] === 'string' ? item['call_id'] : (itemId ?? ''),
      name: typeof item['name'] === 'string' ? item['name'] : '',
      kind: item['type'] === 'custom_tool_call' ? 'text' : 'json',
      namespace: typeof item['namespace'] === 'string' ? item['namespace'] : undefined,
      itemId,
      caller: item['caller'] ?? undefined,
    })
  }

  delta(text: string, emit: Emit): void {
    if (this.ended) return
    this.sawDelta = true
    emit({ type: 'tool-call-delta', block: this.block, text })
  }

  whole(text: unknown, emit: Emit): void {
    if (!this.sawDelta && typeof text === 'string' && text !== '') this.delta(text, emit)
  }

  done(item: JsonObject, emit: Emit): void {
    this.whole(item['type'] === 'custom_tool_call' ? item['input'] : item['arguments'], emit)
    this.close(emit)
  }

  close(emit: Emit): void {
    if (this.ended) return
    this.ended = true
    emit({ type: 'tool-call-end', block: this.block })
  }
}

/** A reasoning item while it streams: summary parts, raw text and, at its end, the encrypted content. */
export class ReasoningItem {
  readonly kind = 'reasoning'
  private readonly block: number
  private readonly summaries: boolean[] = []
  private readonly texts: boolean[] = []
  private ended = false

  constructor(item: JsonObject, blocks: BlockCounter, emit: Emit) {
    this.block = blocks.next++
    emit({ type: 'reasoning-start', block: this.block, choice: 0, id: typeof item['id'] === 'string' ? item['id'] : undefined })
  }

  delta(form: 'text' | 'summary', index: number, text: string, emit: Emit): void {
    if (this.ended) return
    if (form === 'summary') {
      this.summaries[index] = true
      emit({ type: 'reasoning-delta', block: this.block, text, form, part: index })
      return
    }
    // The canonical form has one text: further entries are set off from it as they are in a buffered answer.
    if (this.texts[index] !== true && index > 0 && this.texts.length > 0)
      emit({ type: 'reasoning-delta', block: this.block, text: '\n\n', form })
    this.texts[index] = true
    emit({ type: 'reasoning-delta', block: this.block, text, form })
  }

  whole(form: 'text' | 'summary', index: number, text: unknown, emit: Emit): void {
    const seen = form === 'summary' ? this.summaries : this.texts
    if (seen[index] !== true && typeof text === 'string') this.delta(form, index, text, emit)
  }

  done(item: JsonObject, restored: (encrypted: string) => Parameters<Emit>[0] & { type: 'reasoning-state' }, emit: Emit): void {
    if (this.ended) return
    const summary = Array.isArray(item['summary']) ? item['summary'] : []
    summary.forEach((entry: unknown, index) => this.whole('summary', index, isObject(entry) ? entry['text'] : entry, emit))
    const content = Array.isArray(item['content']) ? item['content'] : []
    content.forEach((entry: unknown, index) => this.whole('text', index, isObject(entry) ? entry['text'] : entry, emit))
    const encrypted = item['encrypted_content']
    if (typeof encrypted === 'string') emit({ ...restored(encrypted), block: this.block })
    this.close(emit)
  }

  close(emit: Emit): void {
    if (this.ended) return
    this.ended = true
    emit({ type: 'reasoning-end', block: this.block })
  }
}

export type StreamedItem = MessageItem | CallItem | ReasoningItem
