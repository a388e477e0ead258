import type { ContentPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Emit } from '../../ir/stream-event.ts'
import { generatedCallId } from '../generated-call-id.ts'
import { decodeFinish } from './finish.ts'
import { citationsOf, groundingPart } from './grounding-decoder.ts'
import { decodeLogprobs } from './logprobs.ts'
import { decodeFileData, decodeInlineData } from './media-decoder.ts'
import { PartialArguments } from './partial-arguments.ts'
import { stateOfSignature } from './signature.ts'

/** What the candidates of one answer share. */
export interface AnswerScope {
  responseId: string | undefined
  /** Number of the next block: they count in the order in which blocks start, over all candidates. */
  nextBlock: number
}

interface OpenBlock {
  readonly kind: 'text' | 'reasoning' | 'call'
  readonly block: number
  /** Of a call whose arguments come in pieces. */
  readonly pieces?: PartialArguments
}

/** Fields of a candidate that have a place of their own, or say where the candidate stands. */
const PLACED = new Set([
  'content',
  'index',
  'finishReason',
  'logprobsResult',
  'groundingMetadata',
  'citationMetadata',
  'urlContextMetadata',
])

/** Fields of a candidate that come with its end and have no other place. */
export function finishDetails(candidate: JsonObject): JsonObject | undefined {
  const kept = Object.entries(candidate).filter(([key, value]) => !PLACED.has(key) && value !== null)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

/** One candidate of an answer, chunk by chunk. Neighbouring texts are one block, and so are neighbouring thoughts. */
export class CandidateDecoder {
  private readonly choice: number
  private readonly scope: AnswerScope
  private open: OpenBlock | undefined
  private text: string
  private calls: number
  private reason: { readonly raw: string; readonly details: JsonObject } | undefined

  constructor(choice: number, scope: AnswerScope) {
    this.choice = choice
    this.scope = scope
    this.open = undefined
    this.text = ''
    this.calls = 0
    this.reason = undefined
  }

  get isFinished(): boolean {
    return this.reason !== undefined
  }

  push(candidate: JsonObject, emit: Emit): void {
    const content = candidate['content']
    // The tokens are those of the whole chunk; they are told with the first text that is shown.
    let logprobs: unknown = decodeLogprobs(candidate['logprobsResult'])
    if (isObject(content) && Array.isArray(content['parts']))
      for (const part of content['parts'] as readonly unknown[]) {
        if (!isObject(part)) continue
        const isShown = typeof part['text'] === 'string' && part['text'] !== '' && part['thought'] !== true
        this.part(part, isShown ? logprobs : undefined, emit)
        if (isShown) logprobs = undefined
      }
    this.grounding(candidate, emit)
    const raw = candidate['finishReason']
    if (typeof raw === 'string') this.reason = { raw, details: { ...this.reason?.details, ...finishDetails(candidate) } }
  }

  /** The candidate is over. Some models repeat a reason with every chunk, so only the last one counts, and only now. */
  end(emit: Emit): void {
    this.close(emit)
    if (this.reason === undefined) return
    const { raw, details } = this.reason
    const reason = decodeFinish(raw, this.calls > 0, Object.keys(details).length === 0 ? undefined : details)
    emit({ type: 'finish', choice: this.choice, reason })
  }

  private close(emit: Emit): void {
    const { open } = this
    if (open === undefined) return
    this.open = undefined
    if (open.kind === 'text') emit({ type: 'text-end', block: open.block })
    else if (open.kind === 'reasoning') emit({ type: 'reasoning-end', block: open.block })
    else {
      emit({ type: 'tool-call-delta', block: open.block, text: open.pieces?.text ?? '{}' })
      emit({ type: 'tool-call-end', block: open.block })
    }
  }

  private part(part: JsonObject, logprobs: unknown, emit: Emit): void {
    if (typeof part['text'] === 'string') this.textPart(part['text'], part, logprobs, emit)
    else if (isObject(part['functionCall'])) this.call(part['functionCall'], part['thoughtSignature'], emit)
    else {
      const keys = Object.keys(part)
      if (keys.length === 1 && typeof part['thoughtSignature'] === 'string') this.textPart('', part, undefined, emit)
      else if (keys.length > 0) this.whole(wholePart(part), emit)
    }
  }

  private textPart(text: string, part: JsonObject, logprobs: unknown, emit: Emit): void {
    const signature = part['thoughtSignature']
    if (part['thought'] === true) {
      const block = this.opened('reasoning', emit)
      if (text !== '') emit({ type: 'reasoning-delta', block, text, form: 'summary', part: 0 })
      if (typeof signature !== 'string') return
      emit({ type: 'reasoning-state', block, ...stateOfSignature(signature) })
      this.close(emit)
      return
    }
    if (text !== '') {
      this.text += text
      const block = this.opened('text', emit)
      emit(logprobs === undefined ? { type: 'text-delta', block, text } : { type: 'text-delta', block, text, logprobs })
    }
    if (typeof signature !== 'string') return
    // What was signed is reasoning that cannot be read.
    this.close(emit)
    const block = this.scope.nextBlock++
    emit({ type: 'reasoning-start', block, choice: this.choice })
    emit({ type: 'reasoning-state', block, ...stateOfSignature(signature) })
    emit({ type: 'reasoning-end', block })
  }

  /** The block of this kind that is open, or a new one. */
  private opened(kind: 'text' | 'reasoning', emit: Emit): number {
    if (this.open?.kind === kind) return this.open.block
    this.close(emit)
    const block = this.scope.nextBlock++
    this.open = { kind, block }
    if (kind === 'text') emit({ type: 'text-start', block, choice: this.choice })
    else {
      emit({ type: 'reasoning-start', block, choice: this.choice })
      // Whose thoughts they are: only there they may go back.
      emit({ type: 'reasoning-state', block, origin: 'gemini' })
    }
    return block
  }

  /** A call comes whole, or as its name, pieces of its arguments and an end. */
  private call(call: JsonObject, signature: unknown, emit: Emit): void {
    const isContinued = call['willContinue'] === true
    const { open } = this
    if (typeof call['name'] === 'string' && call['name'] !== '') {
      this.close(emit)
      const block = this.scope.nextBlock++
      emit({
        type: 'tool-call-start',
        block,
        choice: this.choice,
        id: this.callId(call),
        name: call['name'],
        kind: 'json',
        ...(typeof signature === 'string' ? { signature } : {}),
      })
      this.open = { kind: 'call', block, pieces: new PartialArguments() }
      if (!isContinued && call['partialArgs'] === undefined) {
        this.open = undefined
        emit({ type: 'tool-call-delta', block, text: JSON.stringify(call['args'] ?? {}) })
        emit({ type: 'tool-call-end', block })
        return
      }
    } else if (open?.kind !== 'call') return
    if (Array.isArray(call['partialArgs'])) this.open?.pieces?.add(call['partialArgs'] as unknown[])
    if (!isContinued) this.close(emit)
  }

  /** Older models give their calls no id. */
  private callId({ id, name, args }: JsonObject): string {
    const call = this.calls++
    if (typeof id === 'string' && id !== '') return id
    return generatedCallId(this.scope.responseId, this.choice, call, `${String(name)}${JSON.stringify(args ?? {})}`)
  }

  private whole(part: ContentPart, emit: Emit): void {
    this.close(emit)
    emit({ type: 'part', block: this.scope.nextBlock++, choice: this.choice, part })
  }

  /** Sources are told of the last text, while it is open: nobody can add to it afterwards. */
  private grounding(candidate: JsonObject, emit: Emit): void {
    const part = groundingPart(candidate)
    if (part === undefined) return
    if (this.open?.kind === 'text') {
      const { block } = this.open
      for (const citation of citationsOf(candidate, this.text)) emit({ type: 'citation', block, citation })
    }
    this.whole(part, emit)
  }
}

/** Media, and parts that the vendor's own tools made; anything newer stays as it is. */
function wholePart(part: JsonObject): ContentPart {
  try {
    if (isObject(part['inlineData'])) return withSignature(decodeInlineData(part['inlineData'], ''), part)
    if (isObject(part['fileData'])) return withSignature(decodeFileData(part['fileData'], ''), part)
  } catch {
    return { type: 'opaque', format: 'gemini', json: part } // malformed, but the upstream's own: shown as it came
  }
  return hostedPart(part) ?? { type: 'opaque', format: 'gemini', json: part }
}

/** Everything of the part besides the media itself. */
function withSignature<Part extends ContentPart>(part: Part, wire: JsonObject): Part {
  const { inlineData: _inline, fileData: _file, ...rest } = wire
  if (Object.keys(rest).length > 0) part.extra = { format: 'gemini', fields: { ...part.extra?.fields, ...rest } }
  return part
}

function hostedPart(part: JsonObject): ContentPart | undefined {
  const call = part['executableCode'] ?? part['toolCall']
  const result = part['codeExecutionResult'] ?? part['toolResponse']
  const node = isObject(call) ? call : isObject(result) ? result : undefined
  if (node === undefined) return undefined
  const kind = typeof node['toolType'] === 'string' ? node['toolType'].toLowerCase() : 'code_execution'
  const id = typeof node['id'] === 'string' ? node['id'] : undefined
  return isObject(call)
    ? { type: 'hosted-tool-call', kind, ...(id === undefined ? {} : { id }), origin: 'gemini', raw: part }
    : { type: 'hosted-tool-result', kind, ...(id === undefined ? {} : { callId: id }), origin: 'gemini', raw: part }
}
