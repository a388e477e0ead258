import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Emit, StreamEvent } from '../../ir/stream-event.ts'
import type { BlockDecoder } from '../open-blocks.ts'
import { decodeCitation } from './citations.ts'
import { decodeBlock } from './parts-decoder.ts'

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Opens the decoder for a block, with whatever content its start already has. */
export function openBlock(block: number, start: JsonObject, emit: Emit): BlockDecoder {
  switch (start['type']) {
    case 'text':
      return new TextBlock(block, start, emit)
    case 'thinking':
      return new ThinkingBlock(block, start, emit)
    case 'redacted_thinking':
      return new RedactedBlock(block, text(start['data']), emit)
    case 'tool_use':
      return new ToolUseBlock(block, start, emit)
    default:
      return new WholeBlock(block, start)
  }
}

/** The empty start that a delta of this type implies; undefined when the block cannot be guessed. */
export function textBlockFor(deltaType: unknown): JsonObject | undefined {
  if (deltaType === 'text_delta' || deltaType === 'citations_delta') return { type: 'text', text: '' }
  if (deltaType === 'thinking_delta' || deltaType === 'signature_delta') return { type: 'thinking', thinking: '' }
  return undefined
}

class TextBlock implements BlockDecoder {
  private readonly block: number

  constructor(block: number, start: JsonObject, emit: Emit) {
    this.block = block
    emit({ type: 'text-start', block, choice: 0 })
    if (text(start['text']) !== '') emit({ type: 'text-delta', block, text: text(start['text']) })
    if (Array.isArray(start['citations']))
      for (const raw of start['citations']) if (isObject(raw)) emit({ type: 'citation', block, citation: decodeCitation(raw) })
  }

  delta(delta: JsonObject, emit: Emit): void {
    if (delta['type'] === 'text_delta') emit({ type: 'text-delta', block: this.block, text: text(delta['text']) })
    else if (delta['type'] === 'citations_delta' && isObject(delta['citation']))
      emit({ type: 'citation', block: this.block, citation: decodeCitation(delta['citation']) })
  }

  stop(emit: Emit): void {
    emit({ type: 'text-end', block: this.block })
  }
}

class ThinkingBlock implements BlockDecoder {
  private readonly block: number
  /** Some servers send a signature in pieces; the canonical form has it whole. */
  private readonly signature: string[]

  constructor(block: number, start: JsonObject, emit: Emit) {
    this.block = block
    this.signature = []
    emit({ type: 'reasoning-start', block, choice: 0 })
    if (text(start['thinking']) !== '') emit({ type: 'reasoning-delta', block, text: text(start['thinking']), form: 'text' })
    if (text(start['signature']) !== '') this.signature.push(text(start['signature']))
  }

  delta(delta: JsonObject, emit: Emit): void {
    if (delta['type'] === 'thinking_delta')
      emit({ type: 'reasoning-delta', block: this.block, text: text(delta['thinking']), form: 'text' })
    else if (delta['type'] === 'signature_delta') this.signature.push(text(delta['signature']))
  }

  stop(emit: Emit): void {
    const signature = this.signature.join('')
    if (signature !== '') emit({ type: 'reasoning-state', block: this.block, origin: 'anthropic', signature })
    emit({ type: 'reasoning-end', block: this.block })
  }
}

class RedactedBlock implements BlockDecoder {
  private readonly block: number

  constructor(block: number, data: string, emit: Emit) {
    this.block = block
    emit({ type: 'reasoning-start', block, choice: 0 })
    emit({ type: 'reasoning-state', block, origin: 'anthropic', redacted: data })
  }

  delta(): void {
    // The data comes whole with the start.
  }

  stop(emit: Emit): void {
    emit({ type: 'reasoning-end', block: this.block })
  }
}

class ToolUseBlock implements BlockDecoder {
  private readonly block: number
  /** Input given with the start; counts only when no delta follows. */
  private readonly startInput: unknown
  private sawDelta: boolean

  constructor(block: number, start: JsonObject, emit: Emit) {
    this.block = block
    this.startInput = start['input']
    this.sawDelta = false
    const event: Extract<StreamEvent, { type: 'tool-call-start' }> = {
      type: 'tool-call-start',
      block,
      choice: 0,
      id: text(start['id']),
      name: text(start['name']),
      kind: 'json',
    }
    emit(start['caller'] === undefined || start['caller'] === null ? event : { ...event, caller: start['caller'] })
  }

  delta(delta: JsonObject, emit: Emit): void {
    const piece = text(delta['partial_json'])
    if (delta['type'] !== 'input_json_delta' || piece === '') return
    this.sawDelta = true
    emit({ type: 'tool-call-delta', block: this.block, text: piece })
  }

  stop(emit: Emit): void {
    if (!this.sawDelta) emit({ type: 'tool-call-delta', block: this.block, text: JSON.stringify(this.startInput ?? {}) })
    emit({ type: 'tool-call-end', block: this.block })
  }
}

/** Hosted tools, their results, compactions and anything newer: handed on as one part when complete. */
class WholeBlock implements BlockDecoder {
  private readonly block: number
  private readonly start: JsonObject
  private readonly input: string[]
  private patch: JsonObject | undefined

  constructor(block: number, start: JsonObject) {
    this.block = block
    this.start = start
    this.input = []
    this.patch = undefined
  }

  delta(delta: JsonObject): void {
    if (delta['type'] === 'input_json_delta') {
      this.input.push(text(delta['partial_json']))
      return
    }
    // A compaction comes in one delta with the fields of its block.
    const { type: _type, ...fields } = delta
    this.patch = { ...this.patch, ...fields }
  }

  stop(emit: Emit): void {
    const raw: JsonObject = this.patch === undefined ? { ...this.start } : { ...this.start, ...this.patch }
    const input = this.input.join('')
    if (input !== '') raw['input'] = parsedInput(input)
    emit({ type: 'part', block: this.block, choice: 0, part: withoutPath(raw) })
  }
}

function parsedInput(input: string): unknown {
  try {
    return JSON.parse(input)
  } catch {
    return input // cut off by the output limit: kept as it came
  }
}

function withoutPath(raw: JsonObject): Extract<StreamEvent, { type: 'part' }>['part'] {
  if (typeof raw['type'] !== 'string') return { type: 'opaque', format: 'anthropic', json: raw }
  try {
    const part = decodeBlock(raw, '')
    delete part.path
    return part
  } catch {
    return { type: 'opaque', format: 'anthropic', json: raw } // malformed, but the upstream's own: shown as it came
  }
}
