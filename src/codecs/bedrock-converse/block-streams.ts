import type { ContentPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Emit } from '../../ir/stream-event.ts'
import type { BlockDecoder } from '../open-blocks.ts'
import { decodeBlock, decodeCitation } from './blocks-decoder.ts'

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Opens the decoder for a block that was started. Texts and reasoning have no start: see `blockOfDelta`. */
export function blockOfStart(block: number, start: JsonObject, emit: Emit): BlockDecoder {
  const call = start['toolUse']
  if (isObject(call) && call['type'] === undefined) return new CallBlock(block, call, emit)
  return new WholeBlock(block, start)
}

/** Opens the decoder for a block that begins with its first delta. */
export function blockOfDelta(block: number, delta: JsonObject, emit: Emit): BlockDecoder {
  if (delta['text'] !== undefined || delta['citation'] !== undefined) return new TextBlock(block, emit)
  if (delta['reasoningContent'] !== undefined) return new ReasoningBlock(block, emit)
  return new WholeBlock(block, {})
}

class TextBlock implements BlockDecoder {
  private readonly block: number

  constructor(block: number, emit: Emit) {
    this.block = block
    emit({ type: 'text-start', block, choice: 0 })
  }

  delta(delta: JsonObject, emit: Emit): void {
    if (typeof delta['text'] === 'string') emit({ type: 'text-delta', block: this.block, text: delta['text'] })
    if (isObject(delta['citation'])) emit({ type: 'citation', block: this.block, citation: decodeCitation(delta['citation']) })
  }

  stop(emit: Emit): void {
    emit({ type: 'text-end', block: this.block })
  }
}

class ReasoningBlock implements BlockDecoder {
  private readonly block: number
  /** A signature may come in pieces; the canonical form has it whole. */
  private readonly signature: string[]
  private readonly redacted: Buffer[]

  constructor(block: number, emit: Emit) {
    this.block = block
    this.signature = []
    this.redacted = []
    emit({ type: 'reasoning-start', block, choice: 0 })
  }

  delta(delta: JsonObject, emit: Emit): void {
    const content = delta['reasoningContent']
    if (!isObject(content)) return
    const shown = text(content['text'])
    if (shown !== '') emit({ type: 'reasoning-delta', block: this.block, text: shown, form: 'text' })
    if (text(content['signature']) !== '') this.signature.push(text(content['signature']))
    if (text(content['redactedContent']) !== '') this.redacted.push(Buffer.from(text(content['redactedContent']), 'base64'))
  }

  stop(emit: Emit): void {
    const { block } = this
    const signature = this.signature.join('')
    if (this.redacted.length > 0) {
      const redacted = Buffer.concat(this.redacted).toString('base64')
      emit({ type: 'reasoning-state', block, origin: 'bedrock_converse', redacted })
    } else {
      // Without a signature the origin still says whose thoughts these are.
      const state = signature === '' ? {} : { signature }
      emit({ type: 'reasoning-state', block, origin: 'bedrock_converse', ...state })
    }
    emit({ type: 'reasoning-end', block })
  }
}

class CallBlock implements BlockDecoder {
  private readonly block: number
  private hasInput: boolean

  constructor(block: number, call: JsonObject, emit: Emit) {
    this.block = block
    this.hasInput = false
    emit({
      type: 'tool-call-start',
      block,
      choice: 0,
      id: text(call['toolUseId']),
      name: text(call['name']),
      kind: 'json',
    })
  }

  delta(delta: JsonObject, emit: Emit): void {
    const call = delta['toolUse']
    const piece = isObject(call) ? text(call['input']) : ''
    if (piece === '') return
    this.hasInput = true
    emit({ type: 'tool-call-delta', block: this.block, text: piece })
  }

  stop(emit: Emit): void {
    // Of a call without arguments no input is told.
    if (!this.hasInput) emit({ type: 'tool-call-delta', block: this.block, text: '{}' })
    emit({ type: 'tool-call-end', block: this.block })
  }
}

/** Blocks that are shown when they are whole: what the vendor's own tools do, images, and anything newer. */
class WholeBlock implements BlockDecoder {
  private readonly block: number
  private readonly start: JsonObject
  private readonly deltas: JsonObject[]

  constructor(block: number, start: JsonObject) {
    this.block = block
    this.start = start
    this.deltas = []
  }

  delta(delta: JsonObject): void {
    this.deltas.push(delta)
  }

  stop(emit: Emit): void {
    emit({ type: 'part', block: this.block, choice: 0, part: this.part() })
  }

  private part(): ContentPart {
    const { start, deltas } = this
    const [kind] = Object.keys(start).length > 0 ? Object.keys(start) : Object.keys(deltas[0] ?? {})
    if (kind === undefined) return { type: 'opaque', format: 'bedrock_converse', json: {} }
    const head: JsonObject = isObject(start[kind]) ? start[kind] : {}
    const inner = deltas.map((delta) => delta[kind])
    return decodeBlock(
      {
        [kind]:
          kind === 'toolUse'
            ? calledWhole(head, inner)
            : kind === 'toolResult'
              ? resultWhole(head, inner)
              : assigned(head, inner),
      },
      '',
    )
  }
}

function calledWhole(head: JsonObject, inner: readonly unknown[]): JsonObject {
  const written = inner.map((piece) => (isObject(piece) ? text(piece['input']) : '')).join('')
  try {
    return { ...head, input: written === '' ? {} : (JSON.parse(written) as unknown) }
  } catch {
    return { ...head, input: written }
  }
}

const resultWhole = (head: JsonObject, inner: readonly unknown[]): JsonObject => ({
  ...head,
  content: inner.flatMap((piece): unknown[] => (Array.isArray(piece) ? piece : [piece])),
})

const assigned = (head: JsonObject, inner: readonly unknown[]): JsonObject => Object.assign({}, head, ...inner) as JsonObject
