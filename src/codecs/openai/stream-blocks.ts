import type { Citation, ReasoningPart } from '../../ir/content.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { customInputOf } from '../custom-tools.ts'
import { encodeAnnotation } from './citation.ts'
import type { ClientTools } from './client-tools.ts'
import { carriedEntry } from './reasoning-encoder.ts'

/** Writes the inside of a delta object. */
export type WriteDelta = (choice: number, delta: string) => void

type BlockEvent = Extract<StreamEvent, { readonly block: number }>
type Start = Extract<StreamEvent, { type: 'tool-call-start' }>

/** What stands before and behind the text of a delta. */
type Wrap = Pick<Block, 'before' | 'after' | 'emulated'>

const TEXT: Wrap = { before: '"content":', after: '', emulated: false }
const REFUSAL: Wrap = { before: '"refusal":', after: '', emulated: false }
const REASONING: Wrap = { before: '"reasoning_content":', after: '', emulated: false }

interface Block {
  readonly choice: number
  readonly before: string
  readonly after: string
  /** Text that is needed whole at the end: input of an emulated tool, or reasoning with opaque state. */
  readonly pieces: string[]
  readonly emulated: boolean
  /** Place of a text in the content of its choice. */
  readonly start: number
  citations: Citation[] | undefined
  state: ReasoningPart | undefined
  summaryPart: number
}

/** Blocks of the answer as deltas of this format, which knows no blocks: it has fields and a list of tool calls by number. */
export class ChoiceBlocks {
  private readonly tools: ClientTools
  private readonly delta: WriteDelta
  private readonly blocks = new Map<number, Block>()
  /** The block of the last delta, since deltas come in runs. */
  private lastBlock = -1
  private last: Block | undefined = undefined
  private readonly calls = new Map<number, number>()
  private readonly reasoningParts = new Map<number, number>()
  /** Length of the content so far, by choice. */
  private readonly lengths = new Map<number, number>()

  constructor(tools: ClientTools, delta: WriteDelta) {
    this.tools = tools
    this.delta = delta
  }

  write(event: BlockEvent): void {
    switch (event.type) {
      case 'text-delta': {
        const block = this.find(event.block)
        if (block === undefined) return
        this.grow(block, event.text)
        this.delta(block.choice, block.before + JSON.stringify(event.text) + block.after)
        return
      }
      case 'refusal-delta':
      case 'tool-call-delta':
        this.piece(event.block, event.text)
        return
      case 'reasoning-delta':
        this.reasoning(event)
        return
      case 'text-start':
        this.open(event.block, event.choice, TEXT)
        return
      case 'refusal-start':
        this.open(event.block, event.choice, REFUSAL)
        return
      case 'reasoning-start':
        this.startReasoning(event.block, event.choice, event.id)
        return
      case 'tool-call-start':
        this.startCall(event)
        return
      case 'reasoning-state':
        this.state(event)
        return
      case 'citation':
        this.citation(event.block, event.citation)
        return
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        this.end(event.block)
        return
      case 'part':
        return
    }
  }

  /** Choice of a text delta that the caller writes itself. */
  textChoice(event: Extract<StreamEvent, { type: 'text-delta' }>): number {
    const block = this.find(event.block)
    if (block !== undefined) this.grow(block, event.text)
    return block?.choice ?? 0
  }

  private find(block: number): Block | undefined {
    if (block === this.lastBlock) return this.last
    this.lastBlock = block
    this.last = this.blocks.get(block)
    return this.last
  }

  private open(number: number, choice: number, wrap: Wrap): Block {
    const start = this.lengths.get(choice) ?? 0
    const block: Block = {
      choice,
      before: wrap.before,
      after: wrap.after,
      pieces: [],
      emulated: wrap.emulated,
      start,
      citations: undefined,
      state: undefined,
      summaryPart: 0,
    }
    this.blocks.set(number, block)
    this.lastBlock = number
    this.last = block
    return block
  }

  private grow(block: Block, text: string): void {
    this.lengths.set(block.choice, (this.lengths.get(block.choice) ?? 0) + text.length)
  }

  private piece(number: number, text: string): void {
    const block = this.find(number)
    if (block === undefined) return
    if (block.emulated) block.pieces.push(text)
    else this.delta(block.choice, block.before + JSON.stringify(text) + block.after)
  }

  private startCall(event: Start): void {
    const index = this.calls.get(event.choice) ?? 0
    this.calls.set(event.choice, index + 1)
    const call = this.tools.call(event.name, event.namespace, event.kind)
    const group = call.custom ? 'custom' : 'function'
    const field = call.custom ? 'input' : 'arguments'
    const state =
      event.signature === undefined
        ? ''
        : `,"extra_content":${JSON.stringify({ google: { thought_signature: event.signature } })}`
    this.open(event.block, event.choice, {
      before: `"tool_calls":[{"index":${index},"${group}":{"${field}":`,
      after: '}}]',
      emulated: call.emulated,
    })
    const opening = `"index":${index},"id":${JSON.stringify(event.id)},"type":"${group}","${group}":{"name":${JSON.stringify(call.name)},"${field}":""}${state}`
    this.delta(event.choice, `"tool_calls":[{${opening}}]`)
  }

  private startReasoning(number: number, choice: number, id: string | undefined): void {
    const earlier = this.reasoningParts.get(choice) ?? 0
    this.reasoningParts.set(choice, earlier + 1)
    const block = this.open(number, choice, REASONING)
    // A whole answer separates its pieces of reasoning in the same way.
    block.summaryPart = earlier === 0 ? 0 : -1
    block.state = id === undefined ? { type: 'reasoning' } : { type: 'reasoning', id }
  }

  private reasoning(event: Extract<StreamEvent, { type: 'reasoning-delta' }>): void {
    const block = this.find(event.block)
    if (block === undefined) return
    const part = event.part ?? 0
    const separated = part !== block.summaryPart
    block.summaryPart = part
    if (separated && block.pieces.length > 0) block.pieces.push('\n\n')
    block.pieces.push(event.text)
    this.delta(block.choice, block.before + JSON.stringify(separated ? `\n\n${event.text}` : event.text) + block.after)
  }

  private state(event: Extract<StreamEvent, { type: 'reasoning-state' }>): void {
    const block = this.find(event.block)
    if (block?.state === undefined) return
    if (event.origin === 'openai' && event.details !== undefined) {
      this.delta(block.choice, `"reasoning_details":${JSON.stringify(event.details)}`)
      return
    }
    const { state } = block
    state.origin = event.origin
    if (event.signature !== undefined) state.signature = event.signature
    if (event.redacted !== undefined) state.redacted = event.redacted
    if (event.encrypted !== undefined) state.encrypted = event.encrypted
  }

  private citation(number: number, citation: Citation): void {
    const block = this.find(number)
    if (block === undefined) return
    if (citation.origin === 'openai') this.annotate(block, [citation], 0)
    else (block.citations ??= []).push(citation)
  }

  private annotate(block: Block, citations: readonly Citation[], end: number): void {
    const annotations = citations
      .map((citation) => encodeAnnotation(citation, block.start, end))
      .filter((annotation) => annotation !== undefined)
    if (annotations.length > 0) this.delta(block.choice, `"annotations":${JSON.stringify(annotations)}`)
  }

  private end(number: number): void {
    const block = this.find(number)
    if (block === undefined) return
    this.blocks.delete(number)
    this.lastBlock = -1
    this.last = undefined
    if (block.emulated)
      this.delta(block.choice, block.before + JSON.stringify(customInputOf(block.pieces.join(''))) + block.after)
    if (block.citations !== undefined) this.annotate(block, block.citations, this.lengths.get(block.choice) ?? 0)
    if (block.state === undefined) return
    block.state.text = block.pieces.join('')
    const entry = carriedEntry(block.state, (this.reasoningParts.get(block.choice) ?? 1) - 1)
    if (entry !== undefined) this.delta(block.choice, `"reasoning_details":${JSON.stringify([entry])}`)
  }
}
