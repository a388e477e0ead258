import type { Citation, ReasoningPart, ToolInput } from '../../ir/content.ts'
import type { FinishReason } from '../../ir/finish.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { mergeUsage, type Usage } from '../../ir/usage.ts'
import type { ClientContext } from '../codec.ts'
import { Report } from '../report.ts'
import { toolInputObject } from '../tool-input.ts'
import { answerToolName, encodeWholePart, groundingOf, signaturePart } from './answer-parts.ts'
import { CandidateEnding } from './candidate-ending.ts'
import { blockedPrompt } from './finish.ts'
import { STAND_IN_SIGNATURE } from './signature.ts'
import { encodeUsage } from './usage.ts'

/** Takes a part of a candidate that is ready to be shown, and the probabilities of its tokens. */
export type WritePart = (choice: number, part: JsonObject, logprobs?: unknown) => void

export interface WholeContent {
  readonly parts: readonly JsonObject[]
  /** Fields of the candidate beside its content. */
  readonly beside: JsonObject
}

type BlockEvent = Extract<StreamEvent, { readonly block: number }>
type CallStart = Extract<StreamEvent, { type: 'tool-call-start' }>

/** A block that has begun, by kind. */
type Block =
  | { readonly kind: 'text'; readonly choice: number }
  | { readonly kind: 'reasoning'; readonly choice: number; readonly state: ReasoningPart; shownPart: number | undefined }
  | { readonly kind: 'call'; readonly choice: number; readonly start: CallStart; readonly pieces: string[] }

/** An answer for clients of this format, part by part, streamed or not. */
export class AnswerWriter {
  readonly report: Report
  private readonly context: ClientContext
  private readonly blocks: Map<number, Block>
  private readonly endings: Map<number, CandidateEnding>
  private readonly finishes: Map<number, FinishReason>
  private fields: JsonObject
  private responseId: string | undefined
  private usage: Usage | undefined
  /** The part of each chunk that says whose answer it is. */
  private written: string | undefined

  constructor(context: ClientContext) {
    this.report = new Report()
    this.context = context
    this.blocks = new Map()
    this.endings = new Map()
    this.finishes = new Map()
    this.fields = {}
    this.responseId = undefined
    this.usage = undefined
    this.written = undefined
  }

  /** `modelVersion` and `responseId`, as the inside of an object. */
  get identity(): string {
    this.written ??= JSON.stringify(this.named()).slice(1, -1)
    return this.written
  }

  write(event: StreamEvent, part: WritePart): void {
    switch (event.type) {
      case 'response-start':
        this.responseId = event.id
        if (event.usage !== undefined) this.usage = mergeUsage(this.usage, event.usage)
        return
      case 'usage':
        this.usage = mergeUsage(this.usage, event.usage)
        return
      case 'finish':
        this.finishes.set(event.choice, event.reason)
        return
      case 'metadata':
        if (event.format === 'gemini') this.fields = { ...this.fields, ...event.fields }
        return
      case 'ping':
      case 'opaque':
      case 'error':
      case 'end':
        return
      default:
        this.blockEvent(event, part)
    }
  }

  closeBlocks(part: WritePart): void {
    for (const block of this.blocks.keys()) this.close(block, part)
  }

  /** What the last chunk says: why each candidate ended, and what the answer used. */
  closing(): JsonObject {
    return this.whole(() => ({ parts: [{ text: '' }], beside: {} }))
  }

  /** The whole answer, with the parts of each candidate and what stands beside them. */
  whole(contentOf: (choice: number) => WholeContent): JsonObject {
    const first = this.finishes.get(0)
    const promptFeedback = first === undefined ? undefined : blockedPrompt(first)
    const choices = new Set([...this.endings.keys(), ...this.finishes.keys()])
    const indices = choices.size === 0 ? [0] : [...choices].sort((left, right) => left - right)
    const candidates = indices.map((index) => {
      const { parts, beside } = contentOf(index)
      const content = { parts, role: 'model' }
      return { content, ...beside, ...this.endingOf(index).fields(this.finishes.get(index)), index }
    })
    return {
      ...this.fields,
      ...(promptFeedback === undefined ? { candidates } : { promptFeedback }),
      ...(this.usage === undefined ? {} : { usageMetadata: encodeUsage(this.usage) }),
      ...this.named(),
    }
  }

  private named(): JsonObject {
    const { requestId, model } = this.context
    return { modelVersion: model, responseId: this.responseId ?? requestId }
  }

  private endingOf(choice: number): CandidateEnding {
    let ending = this.endings.get(choice)
    if (ending === undefined) this.endings.set(choice, (ending = new CandidateEnding()))
    return ending
  }

  private blockEvent(event: BlockEvent, part: WritePart): void {
    switch (event.type) {
      case 'text-start':
        this.endingOf(event.choice).startText()
        this.blocks.set(event.block, { kind: 'text', choice: event.choice })
        return
      case 'refusal-start':
        this.report.rewritten('part.refusal', undefined, 'a refusal is shown as text')
        this.endingOf(event.choice).startText()
        this.blocks.set(event.block, { kind: 'text', choice: event.choice })
        return
      case 'reasoning-start':
        this.blocks.set(event.block, {
          kind: 'reasoning',
          choice: event.choice,
          state: { type: 'reasoning', id: event.id },
          shownPart: undefined,
        })
        return
      case 'tool-call-start':
        this.blocks.set(event.block, { kind: 'call', choice: event.choice, start: event, pieces: [] })
        return
      case 'part':
        this.wholePart(event, part)
        return
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        this.close(event.block, part)
        return
      default:
        this.inside(event, part)
    }
  }

  /** An event within a block that is open. */
  private inside(event: BlockEvent, part: WritePart): void {
    const block = this.blocks.get(event.block)
    if (block === undefined) return
    switch (event.type) {
      case 'text-delta':
        this.text(block.choice, event, part)
        return
      case 'refusal-delta':
        this.text(block.choice, event, part)
        return
      case 'citation':
        this.cite(block.choice, event.citation)
        return
      case 'reasoning-delta':
        if (block.kind === 'reasoning') this.thought(block, event, part)
        return
      case 'reasoning-state':
        if (block.kind === 'reasoning') keepState(block.state, event)
        return
      case 'tool-call-delta':
        if (block.kind === 'call') block.pieces.push(event.text)
        return
      default:
    }
  }

  private text(choice: number, { text, logprobs }: { text: string; logprobs?: unknown }, part: WritePart): void {
    if (text === '') return
    this.endingOf(choice).addText(text)
    part(choice, { text }, logprobs)
  }

  private cite(choice: number, citation: Citation): void {
    this.endingOf(choice).cite(citation)
  }

  private thought(
    block: Extract<Block, { kind: 'reasoning' }>,
    event: Extract<StreamEvent, { type: 'reasoning-delta' }>,
    part: WritePart,
  ): void {
    if (event.text === '') return
    const shown = event.part ?? 0
    // Parts of a summary are set off from each other, as elsewhere.
    const isNext = block.shownPart !== undefined && block.shownPart !== shown
    block.shownPart = shown
    this.endingOf(block.choice)
    part(block.choice, { text: isNext ? `\n\n${event.text}` : event.text, thought: true })
  }

  private wholePart(event: Extract<StreamEvent, { type: 'part' }>, part: WritePart): void {
    const ending = this.endingOf(event.choice)
    const grounding = groundingOf(event.part)
    if (grounding !== undefined) ending.ground(grounding)
    else for (const written of encodeWholePart(event.part, this.report)) part(event.choice, written)
  }

  private close(number: number, part: WritePart): void {
    const block = this.blocks.get(number)
    if (block === undefined) return
    this.blocks.delete(number)
    if (block.kind === 'call') this.call(block, part)
    else if (block.kind === 'reasoning') {
      const signature = signaturePart(block.state, block.shownPart !== undefined)
      if (signature === undefined) return
      this.endingOf(block.choice)
      part(block.choice, signature)
    }
  }

  private call({ choice, start, pieces }: Extract<Block, { kind: 'call' }>, part: WritePart): void {
    const text = pieces.join('')
    const input: ToolInput = start.kind === 'text' ? { kind: 'text', text } : { kind: 'json', text }
    const args = toolInputObject(input)
    if (!args.exact && start.kind === 'json')
      this.report.rewritten('part.tool_call_invalid_json', undefined, 'tool input that is no JSON object was wrapped in one')
    const name = answerToolName(start.name, this.context.request)
    const isFirst = this.endingOf(choice).called()
    // A conversation that other models began may go on with the vendor's own, which demand one with the first call of each step.
    const isForeign = this.context.upstreamFormat !== undefined && this.context.upstreamFormat !== 'gemini'
    const thoughtSignature = start.signature ?? (isFirst && isForeign ? STAND_IN_SIGNATURE : undefined)
    part(choice, {
      functionCall: { id: start.id, name, args: args.value },
      ...(thoughtSignature === undefined ? {} : { thoughtSignature }),
    })
  }
}

function keepState(state: ReasoningPart, event: Extract<StreamEvent, { type: 'reasoning-state' }>): void {
  state.origin = event.origin
  if (event.signature !== undefined) state.signature = event.signature
  if (event.redacted !== undefined) state.redacted = event.redacted
  if (event.encrypted !== undefined) state.encrypted = event.encrypted
  if (event.details !== undefined) state.details = [...(state.details ?? []), ...event.details]
  if (event.callId !== undefined) state.callId = event.callId
}
