import type { ReasoningPart } from '../../ir/content.ts'
import type { Diagnostic } from '../../ir/diagnostic.ts'
import type { FinishReason } from '../../ir/finish.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { mergeUsage, type Usage } from '../../ir/usage.ts'
import type { ClientContext, StreamEncoder, WriteFrame } from '../codec.ts'
import { Report } from '../report.ts'
import { answerToolName, nativeCitation, wholeBlock } from './answer-parts.ts'
import { encodeFailure } from './error.ts'
import { encodeFinish } from './finish.ts'
import { encodeMetrics } from './metrics.ts'
import { signatureFor } from './reasoning.ts'
import { callState } from './response-encoder.ts'
import { encodeUsage } from './usage.ts'

/** Events that belong to a block. */
type BlockEvent = Extract<StreamEvent, { readonly block: number }>

interface OpenBlock {
  readonly kind: 'text' | 'reasoning' | 'call'
  /** Undefined until the block has something to show: blocks without content leave no trace. */
  index: number | undefined
  readonly state: ReasoningPart
  summaryPart: number
  /** Free text travels as the one string of an object. */
  readonly wrapsText: boolean
}

/** Fields that stand in the last frame; every other one belongs to the reason to stop. */
const METADATA_FIELDS: ReadonlySet<string> = new Set(['metrics', 'trace', 'performanceConfig', 'serviceTier'])

/** Canonical events → frames of `ConverseStream`. Blocks have a number, so they may run beside each other here as well. */
export class ConverseStreamEncoder implements StreamEncoder {
  readonly diagnostics: readonly Diagnostic[]
  private readonly context: ClientContext
  private readonly report: Report
  private readonly blocks: Map<number, OpenBlock>
  private blockCount: number
  private started: boolean
  private failed: boolean
  private fields: JsonObject
  private usage: Usage | undefined
  private finish: FinishReason | undefined

  constructor(context: ClientContext) {
    this.context = context
    this.report = new Report()
    this.diagnostics = this.report.diagnostics
    this.blocks = new Map()
    this.blockCount = 0
    this.started = false
    this.failed = false
    this.fields = {}
    this.usage = undefined
    this.finish = undefined
  }

  write(event: StreamEvent, frame: WriteFrame): void {
    switch (event.type) {
      case 'response-start':
        if (event.usage !== undefined) this.usage = mergeUsage(this.usage, event.usage)
        this.start(frame)
        return
      case 'usage':
        this.usage = mergeUsage(this.usage, event.usage)
        return
      case 'finish':
        if (event.choice === 0) this.finish = event.reason
        return
      case 'metadata':
        if (event.format === 'bedrock_converse') this.fields = { ...this.fields, ...event.fields }
        return
      case 'opaque':
        if (event.format === 'bedrock_converse' && event.event !== undefined) frame(event.event, JSON.stringify(event.data))
        return
      case 'error': {
        this.failed = true
        const { event: name, data } = encodeFailure(event.error)
        frame(name, data)
        return
      }
      case 'ping':
      case 'end':
        return
      default:
        this.blockEvent(event, frame)
    }
  }

  end(frame: WriteFrame): void {
    if (this.failed) return
    this.start(frame)
    for (const block of this.blocks.keys()) this.close(block, frame)
    const metadata: JsonObject = { usage: encodeUsage(this.usage), ...encodeMetrics(this.context) }
    const { stopReason, modelFields } = encodeFinish(this.finish)
    const stop: JsonObject = { stopReason }
    for (const [name, value] of Object.entries(this.fields)) (METADATA_FIELDS.has(name) ? metadata : stop)[name] = value
    const told = stop['additionalModelResponseFields']
    if (Object.keys(modelFields).length > 0)
      stop['additionalModelResponseFields'] = isObject(told) ? { ...told, ...modelFields } : modelFields
    frame('messageStop', JSON.stringify(stop))
    frame('metadata', JSON.stringify(metadata))
  }

  private start(frame: WriteFrame): void {
    if (this.started) return
    this.started = true
    frame('messageStart', '{"role":"assistant"}')
  }

  private blockEvent(event: BlockEvent, frame: WriteFrame): void {
    if ('choice' in event && event.choice !== 0) {
      this.report.lost('sampling.n', undefined, 'the format shows one answer only')
      return
    }
    switch (event.type) {
      case 'text-start':
        this.open(event.block, 'text')
        return
      case 'refusal-start':
        this.report.rewritten('part.refusal', undefined, 'a refusal is shown as text')
        this.open(event.block, 'text')
        return
      case 'reasoning-start':
        this.open(event.block, 'reasoning', { type: 'reasoning', id: event.id })
        return
      case 'tool-call-start':
        this.openCall(event, frame)
        return
      case 'part':
        this.whole(event, frame)
        return
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        this.close(event.block, frame)
        return
      default: {
        const block = this.blocks.get(event.block)
        if (block !== undefined) this.inside(block, event, frame)
      }
    }
  }

  private open(
    number: number,
    kind: OpenBlock['kind'],
    state: ReasoningPart = { type: 'reasoning' },
    wrapsText = false,
  ): OpenBlock {
    const block: OpenBlock = { kind, index: undefined, state, summaryPart: -1, wrapsText }
    this.blocks.set(number, block)
    return block
  }

  private openCall(event: Extract<StreamEvent, { type: 'tool-call-start' }>, frame: WriteFrame): void {
    this.start(frame)
    if (event.signature !== undefined) this.writeWhole(callState(event.id, event.signature), frame)
    const block = this.open(event.block, 'call', undefined, event.kind === 'text')
    block.index = this.blockCount++
    const toolUse = { toolUseId: event.id, name: answerToolName(event.name, this.context.request) }
    frame('contentBlockStart', JSON.stringify({ contentBlockIndex: block.index, start: { toolUse } }))
    if (block.wrapsText) this.input(block, '{"input":"', frame)
  }

  private inside(block: OpenBlock, event: BlockEvent, frame: WriteFrame): void {
    switch (event.type) {
      case 'text-delta':
      case 'refusal-delta':
        if (event.text !== '') this.delta(block, `{"text":${JSON.stringify(event.text)}}`, frame)
        return
      case 'citation': {
        const citation = nativeCitation(event.citation, this.report)
        if (citation !== undefined) this.delta(block, JSON.stringify({ citation }), frame)
        return
      }
      case 'reasoning-delta':
        this.reasoning(block, event, frame)
        return
      case 'reasoning-state': {
        const { type: _type, block: _block, ...state } = event
        Object.assign(block.state, Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined)))
        return
      }
      case 'tool-call-delta':
        if (event.text !== '') this.input(block, block.wrapsText ? JSON.stringify(event.text).slice(1, -1) : event.text, frame)
        return
      default:
    }
  }

  private reasoning(block: OpenBlock, event: Extract<StreamEvent, { type: 'reasoning-delta' }>, frame: WriteFrame): void {
    if (event.text === '') return
    const part = event.part ?? 0
    // Parts of a summary are set off from each other, as elsewhere.
    const isNext = event.form === 'summary' && block.summaryPart !== -1 && block.summaryPart !== part
    if (event.form === 'summary') block.summaryPart = part
    const text = isNext ? `\n\n${event.text}` : event.text
    this.delta(block, `{"reasoningContent":{"text":${JSON.stringify(text)}}}`, frame)
  }

  private input(block: OpenBlock, json: string, frame: WriteFrame): void {
    this.delta(block, `{"toolUse":{"input":${JSON.stringify(json)}}}`, frame)
  }

  private delta(block: OpenBlock, delta: string, frame: WriteFrame): void {
    this.start(frame)
    block.index ??= this.blockCount++
    frame('contentBlockDelta', `{"contentBlockIndex":${block.index},"delta":${delta}}`)
  }

  private close(number: number, frame: WriteFrame): void {
    const block = this.blocks.get(number)
    if (block === undefined) return
    this.blocks.delete(number)
    if (block.wrapsText) this.input(block, '"}', frame)
    if (block.kind === 'reasoning') this.state(block, frame)
    if (block.index !== undefined) frame('contentBlockStop', `{"contentBlockIndex":${block.index}}`)
  }

  private state(block: OpenBlock, frame: WriteFrame): void {
    const { state } = block
    if (state.origin === 'bedrock_converse' && state.redacted !== undefined) {
      this.delta(block, JSON.stringify({ reasoningContent: { redactedContent: state.redacted } }), frame)
      return
    }
    const signature = signatureFor(state)
    if (signature !== undefined) this.delta(block, JSON.stringify({ reasoningContent: { signature } }), frame)
  }

  private whole({ part }: Extract<StreamEvent, { type: 'part' }>, frame: WriteFrame): void {
    const block = wholeBlock(part, this.report)
    if (block !== undefined) this.writeWhole(block, frame)
  }

  /** A block that came whole, in the order of events that the API has for its kind. */
  private writeWhole(block: JsonObject, frame: WriteFrame): void {
    this.start(frame)
    const index = this.blockCount++
    const [start, delta] = startAndDelta(block)
    if (start !== undefined) frame('contentBlockStart', JSON.stringify({ contentBlockIndex: index, start }))
    if (delta !== undefined) frame('contentBlockDelta', JSON.stringify({ contentBlockIndex: index, delta }))
    frame('contentBlockStop', `{"contentBlockIndex":${index}}`)
  }
}

function startAndDelta(block: JsonObject): readonly [start: JsonObject | undefined, delta: JsonObject | undefined] {
  const { toolUse, toolResult, image, reasoningContent } = block
  if (isObject(toolUse)) {
    const { input, ...head } = toolUse
    return [{ toolUse: head }, { toolUse: { input: JSON.stringify(input ?? {}) } }]
  }
  if (isObject(toolResult)) {
    const { content, ...head } = toolResult
    return [{ toolResult: head }, { toolResult: content ?? [] }]
  }
  if (isObject(image)) {
    const { format, ...rest } = image
    return [{ image: { format } }, { image: rest }]
  }
  const text = isObject(reasoningContent) ? reasoningContent['reasoningText'] : undefined
  return [undefined, isObject(text) ? { reasoningContent: { signature: text['signature'] } } : block]
}
