import type { Citation, ContentPart, ReasoningPart, TextPart, ToolCallPart } from '../ir/content.ts'
import type { LlmResponse, ResponseChoice } from '../ir/response.ts'
import type { StreamEvent, StreamFailure } from '../ir/stream-event.ts'
import { mergeUsage } from '../ir/usage.ts'

interface OpenBlock {
  readonly part: ContentPart
  /** Pieces of text, joined when the block ends. */
  readonly pieces: string[]
  readonly summaries: string[][]
}

/**
 * Folds a stream of canonical events into a whole answer: a buffered answer is a collected stream. Parts stand in the order
 * their blocks started.
 */
export class ResponseCollector {
  readonly response: LlmResponse = { choices: [] }
  failure: StreamFailure | undefined = undefined
  private readonly blocks = new Map<number, OpenBlock>()

  readonly push = (event: StreamEvent): void => {
    switch (event.type) {
      case 'response-start':
        this.start(event)
        return
      case 'text-start':
        this.open(event.block, event.choice, withDefined<TextPart>({ type: 'text', text: '', id: event.id, phase: event.phase }))
        return
      case 'refusal-start':
        this.open(event.block, event.choice, { type: 'refusal', text: '' })
        return
      case 'reasoning-start':
        this.open(event.block, event.choice, event.id === undefined ? { type: 'reasoning' } : { type: 'reasoning', id: event.id })
        return
      case 'tool-call-start':
        this.open(event.block, event.choice, toolCall(event))
        return
      case 'text-delta':
        this.text(event.block, event.text, event.logprobs)
        return
      case 'refusal-delta':
      case 'tool-call-delta':
        this.blocks.get(event.block)?.pieces.push(event.text)
        return
      case 'reasoning-delta':
        this.reasoning(event)
        return
      case 'reasoning-state':
        this.state(event)
        return
      case 'citation':
        this.cite(event.block, event.citation)
        return
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        this.close(event.block)
        return
      case 'part':
        this.choice(event.choice).content.push(event.part)
        return
      case 'usage':
        this.response.usage = mergeUsage(this.response.usage, event.usage)
        return
      case 'finish':
        this.choice(event.choice).finish = event.reason
        return
      case 'metadata':
        this.response.extra = { format: event.format, fields: { ...this.response.extra?.fields, ...event.fields } }
        return
      case 'error':
        this.failure = event.error
        return
      case 'ping':
      case 'opaque':
      case 'end':
        return
    }
  }

  /** Closes what is still open. Call once, after the last event. */
  finish(): LlmResponse {
    for (const block of this.blocks.keys()) this.close(block)
    this.response.choices.sort((left, right) => left.index - right.index)
    return this.response
  }

  private start(event: Extract<StreamEvent, { type: 'response-start' }>): void {
    this.response.id = event.id
    this.response.model = event.model
    this.response.createdAt = event.createdAt
    if (event.usage !== undefined) this.response.usage = mergeUsage(this.response.usage, event.usage)
  }

  private cite(block: number, citation: Citation): void {
    const part = this.blocks.get(block)?.part
    if (part?.type === 'text') (part.citations ??= []).push(citation)
  }

  private choice(index: number): ResponseChoice {
    let choice = this.response.choices.find((candidate) => candidate.index === index)
    if (choice === undefined) {
      choice = { index, content: [], finish: { unified: 'unknown' } }
      this.response.choices.push(choice)
    }
    return choice
  }

  private open(block: number, choice: number, part: ContentPart): void {
    this.blocks.set(block, { part, pieces: [], summaries: [] })
    this.choice(choice).content.push(part)
  }

  private text(block: number, text: string, logprobs: unknown): void {
    const open = this.blocks.get(block)
    if (open === undefined) return
    open.pieces.push(text)
    if (logprobs === undefined || open.part.type !== 'text') return
    // Appended in place: the list is the collector's own, and an answer has as many entries as tokens.
    open.part.logprobs ??= { format: 'openai', value: [] }
    const tokens = open.part.logprobs.value as unknown[]
    if (!Array.isArray(logprobs)) tokens.push(logprobs)
    else for (const token of logprobs as unknown[]) tokens.push(token)
  }

  private reasoning(event: Extract<StreamEvent, { type: 'reasoning-delta' }>): void {
    const open = this.blocks.get(event.block)
    if (open === undefined) return
    if (event.form === 'text') open.pieces.push(event.text)
    else (open.summaries[event.part ?? 0] ??= []).push(event.text)
  }

  private state(event: Extract<StreamEvent, { type: 'reasoning-state' }>): void {
    const part = this.blocks.get(event.block)?.part
    if (part?.type !== 'reasoning') return
    part.origin = event.origin
    if (event.signature !== undefined) part.signature = event.signature
    if (event.redacted !== undefined) part.redacted = event.redacted
    if (event.encrypted !== undefined) part.encrypted = event.encrypted
    if (event.details !== undefined) part.details = [...(part.details ?? []), ...event.details]
    if (event.callId !== undefined) part.callId = event.callId
  }

  private close(block: number): void {
    const open = this.blocks.get(block)
    if (open === undefined) return
    this.blocks.delete(block)
    const text = open.pieces.join('')
    const { part } = open
    if (part.type === 'text' || part.type === 'refusal') part.text = text
    else if (part.type === 'reasoning') closeReasoning(part, open)
    else if (part.type === 'tool-call') part.input = part.input.kind === 'text' ? { kind: 'text', text } : { kind: 'json', text }
  }
}

function closeReasoning(part: ReasoningPart, open: OpenBlock): void {
  if (open.pieces.length > 0) part.text = open.pieces.join('')
  if (open.summaries.length > 0) part.summary = Array.from(open.summaries, (pieces) => (pieces ?? []).join(''))
}

function toolCall(event: Extract<StreamEvent, { type: 'tool-call-start' }>): ToolCallPart {
  return withDefined<ToolCallPart>({
    type: 'tool-call',
    id: event.id,
    name: event.name,
    namespace: event.namespace,
    input: event.kind === 'text' ? { kind: 'text', text: '' } : { kind: 'json', text: '' },
    itemId: event.itemId,
    caller: event.caller,
    signature: event.signature,
  })
}

/** Drops undefined fields, so that a collected answer equals a decoded one. */
function withDefined<Part extends ContentPart>(part: Part): Part {
  for (const key of Object.keys(part)) if (part[key as keyof Part] === undefined) delete part[key as keyof Part]
  return part
}
