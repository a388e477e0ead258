import type { ReasoningPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import type { WriteFrame } from '../codec.ts'
import type { Report } from '../report.ts'
import { answerCaller, answerToolName, nativeCitation } from './answer-parts.ts'
import { envelopeOf, hasState } from '../reasoning-state.ts'
import { isBareSignature, isNative } from './reasoning.ts'

/** Hands out the index of the next content block; called when a block first has something to show. */
export type NextIndex = () => number

/** Writes one content block. Blocks that never get content leave no trace. */
export interface BlockWriter {
  write(event: StreamEvent, frame: WriteFrame): void
  close(frame: WriteFrame): void
}

function startFrame(index: number, block: JsonObject, frame: WriteFrame): void {
  frame('content_block_start', `{"type":"content_block_start","index":${index},"content_block":${JSON.stringify(block)}}`)
}

function stopFrame(index: number, frame: WriteFrame): void {
  frame('content_block_stop', `{"type":"content_block_stop","index":${index}}`)
}

/** Constant part of a delta frame up to its one string; the rest is that string and `}}`. */
function deltaPrefix(index: number, type: string, field: string): string {
  return `{"type":"content_block_delta","index":${index},"delta":{"type":"${type}","${field}":`
}

export class TextWriter implements BlockWriter {
  private readonly nextIndex: NextIndex
  private readonly report: Report
  private index: number
  private prefix: string
  private reportedLogprobs: boolean

  constructor(nextIndex: NextIndex, report: Report) {
    this.nextIndex = nextIndex
    this.report = report
    this.index = -1
    this.prefix = ''
    this.reportedLogprobs = false
  }

  write(event: StreamEvent, frame: WriteFrame): void {
    if (event.type === 'text-delta' || event.type === 'refusal-delta') {
      if (event.text === '') return
      if (this.index === -1) this.start(frame)
      frame('content_block_delta', this.prefix + JSON.stringify(event.text) + '}}')
      if (event.type === 'text-delta' && event.logprobs !== undefined) this.reportLogprobs()
    } else if (event.type === 'citation') {
      const citation = nativeCitation(event.citation, this.report)
      if (citation === undefined) return
      if (this.index === -1) this.start(frame)
      frame(
        'content_block_delta',
        `{"type":"content_block_delta","index":${this.index},"delta":{"type":"citations_delta","citation":${JSON.stringify(citation)}}}`,
      )
    }
  }

  close(frame: WriteFrame): void {
    if (this.index !== -1) stopFrame(this.index, frame)
  }

  private start(frame: WriteFrame): void {
    this.index = this.nextIndex()
    this.prefix = deltaPrefix(this.index, 'text_delta', 'text')
    startFrame(this.index, { type: 'text', text: '' }, frame)
  }

  private reportLogprobs(): void {
    if (this.reportedLogprobs) return
    this.reportedLogprobs = true
    this.report.lost('part.logprobs', undefined, 'the format has no log-probabilities')
  }
}

export class ReasoningWriter implements BlockWriter {
  private readonly nextIndex: NextIndex
  private readonly state: ReasoningPart
  private index: number
  private prefix: string
  private summaryPart: number

  constructor(nextIndex: NextIndex, id: string | undefined) {
    this.nextIndex = nextIndex
    this.state = id === undefined ? { type: 'reasoning' } : { type: 'reasoning', id }
    this.index = -1
    this.prefix = ''
    this.summaryPart = -1
  }

  write(event: StreamEvent, frame: WriteFrame): void {
    if (event.type === 'reasoning-delta') this.writeText(event, frame)
    else if (event.type === 'reasoning-state') this.keepState(event)
  }

  /** Nothing to show, and a signature that may belong to what comes next. */
  get isBareSignature(): boolean {
    return this.index === -1 && isBareSignature(this.state)
  }

  /** The state comes last: as the signature of what was shown, or alone when there was nothing to show. */
  close(frame: WriteFrame): void {
    const native = isNative(this.state)
    if (this.index === -1) {
      if (!hasState(this.state)) return
      if (this.state.redacted !== undefined || !native) {
        this.index = this.nextIndex()
        startFrame(this.index, { type: 'redacted_thinking', data: native ? this.state.redacted : envelopeOf(this.state) }, frame)
        stopFrame(this.index, frame)
        return
      }
      this.start(frame)
    }
    const signature = native && this.state.signature !== undefined ? this.state.signature : envelopeOf(this.state)
    frame('content_block_delta', `${deltaPrefix(this.index, 'signature_delta', 'signature')}${JSON.stringify(signature)}}}`)
    stopFrame(this.index, frame)
  }

  private writeText(event: Extract<StreamEvent, { type: 'reasoning-delta' }>, frame: WriteFrame): void {
    if (event.text === '') return
    let text = event.text
    if (event.form === 'summary') {
      const part = event.part ?? 0
      if (this.summaryPart !== -1 && part !== this.summaryPart) text = `\n\n${text}`
      this.summaryPart = part
    }
    if (this.index === -1) this.start(frame)
    frame('content_block_delta', this.prefix + JSON.stringify(text) + '}}')
  }

  private keepState(event: Extract<StreamEvent, { type: 'reasoning-state' }>): void {
    this.state.origin = event.origin
    if (event.signature !== undefined) this.state.signature = event.signature
    if (event.redacted !== undefined) this.state.redacted = event.redacted
    if (event.encrypted !== undefined) this.state.encrypted = event.encrypted
    if (event.details !== undefined) this.state.details = [...(this.state.details ?? []), ...event.details]
    if (event.callId !== undefined) this.state.callId = event.callId
  }

  private start(frame: WriteFrame): void {
    this.index = this.nextIndex()
    this.prefix = deltaPrefix(this.index, 'thinking_delta', 'thinking')
    startFrame(this.index, { type: 'thinking', thinking: '', signature: '' }, frame)
  }
}

export class ToolCallWriter implements BlockWriter {
  private readonly index: number
  private readonly prefix: string
  /** Free text travels as the one string of an object: opened before the first piece, closed at the end. */
  private readonly wrapsText: boolean

  constructor(index: number, event: Extract<StreamEvent, { type: 'tool-call-start' }>, request: LlmRequest, frame: WriteFrame) {
    this.index = index
    this.prefix = deltaPrefix(index, 'input_json_delta', 'partial_json')
    this.wrapsText = event.kind === 'text'
    const caller = answerCaller(event.caller)
    startFrame(
      index,
      {
        type: 'tool_use',
        id: event.id,
        name: answerToolName(event.name, request),
        input: {},
        ...(caller === undefined ? {} : { caller }),
      },
      frame,
    )
    if (this.wrapsText) this.piece('{"input":"', frame)
  }

  write(event: StreamEvent, frame: WriteFrame): void {
    if (event.type !== 'tool-call-delta' || event.text === '') return
    this.piece(this.wrapsText ? JSON.stringify(event.text).slice(1, -1) : event.text, frame)
  }

  close(frame: WriteFrame): void {
    if (this.wrapsText) this.piece('"}', frame)
    stopFrame(this.index, frame)
  }

  private piece(json: string, frame: WriteFrame): void {
    frame('content_block_delta', this.prefix + JSON.stringify(json) + '}}')
  }
}

/** A block that came whole, in the event order the API itself uses for its kind. */
export function writeWholeBlock(index: number, raw: JsonObject, frame: WriteFrame): void {
  const type = raw['type']
  if (type === 'server_tool_use' || type === 'mcp_tool_use') {
    startFrame(index, { ...raw, input: {} }, frame)
    const input = typeof raw['input'] === 'string' ? raw['input'] : JSON.stringify(raw['input'] ?? {})
    frame('content_block_delta', `${deltaPrefix(index, 'input_json_delta', 'partial_json')}${JSON.stringify(input)}}}`)
  } else if (type === 'compaction') {
    const { type: _type, ...fields } = raw
    startFrame(index, { ...raw, content: null }, frame)
    frame(
      'content_block_delta',
      JSON.stringify({ type: 'content_block_delta', index, delta: { ...fields, type: 'compaction_delta' } }),
    )
  } else {
    startFrame(index, raw, frame)
  }
  stopFrame(index, frame)
}
