import type { ReasoningPart } from '../../ir/content.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import type { WriteFrame } from '../codec.ts'
import { reasoningItem } from './output-items.ts'
import type { ItemIds, StreamWriter } from './stream-writer.ts'

/** A run of reasoning that is being written: one summary part, or the raw text. */
interface Run {
  readonly form: 'summary' | 'text'
  /** Number of the source's own part, so that a change begins a new one. */
  readonly source: number
  readonly index: number
  readonly pieces: string[]
  readonly deltaPrefix: string
}

/** One reasoning item of a client stream. */
export class StreamedReasoning {
  private readonly id: string
  private readonly index: number
  private readonly writer: StreamWriter
  /** The client asked for summaries, so raw text is shown as one. */
  private readonly textAsSummary: boolean
  private readonly state: ReasoningPart
  private readonly summaries: string[] = []
  private summaryRun: Run | undefined = undefined
  private textRun: Run | undefined = undefined
  private ended = false

  constructor(ids: ItemIds, textAsSummary: boolean, writer: StreamWriter, frame: WriteFrame) {
    this.id = ids.id
    this.textAsSummary = textAsSummary
    this.writer = writer
    this.state = { type: 'reasoning', id: ids.upstreamId }
    this.index = writer.allocate()
    writer.added(this.index, { id: ids.id, type: 'reasoning', summary: [] }, frame)
  }

  delta(event: Extract<StreamEvent, { type: 'reasoning-delta' }>, frame: WriteFrame): void {
    const run =
      event.form === 'text' && !this.textAsSummary
        ? this.rawText(frame)
        : this.summary(event.form === 'text' ? -1 : (event.part ?? 0), frame)
    run.pieces.push(event.text)
    const type = run.form === 'text' ? 'response.reasoning_text.delta' : 'response.reasoning_summary_text.delta'
    frame(type, run.deltaPrefix + this.writer.sequence++ + ',"delta":' + JSON.stringify(event.text) + '}')
  }

  keep(event: Extract<StreamEvent, { type: 'reasoning-state' }>): void {
    const { state } = this
    state.origin = event.origin
    if (event.signature !== undefined) state.signature = event.signature
    if (event.redacted !== undefined) state.redacted = event.redacted
    if (event.encrypted !== undefined) state.encrypted = event.encrypted
    if (event.details !== undefined) state.details = [...(state.details ?? []), ...event.details]
    if (event.callId !== undefined) state.callId = event.callId
  }

  end(frame: WriteFrame): void {
    if (this.ended) return
    this.ended = true
    this.endSummary(frame)
    const text = this.textRun?.pieces.join('')
    if (text !== undefined) {
      const place = this.place('content_index', 0)
      this.writer.event('response.reasoning_text.done', `${place},"text":${JSON.stringify(text)}`, frame)
      this.writer.event(
        'response.content_part.done',
        `${place},"part":${JSON.stringify({ type: 'reasoning_text', text })}`,
        frame,
      )
    }
    this.writer.done(this.index, reasoningItem(this.id, this.summaries, text, this.state), frame)
  }

  private rawText(frame: WriteFrame): Run {
    if (this.textRun !== undefined) return this.textRun
    const place = this.place('content_index', 0)
    this.writer.event('response.content_part.added', `${place},"part":{"type":"reasoning_text","text":""}`, frame)
    this.textRun = {
      form: 'text',
      source: 0,
      index: 0,
      pieces: [],
      deltaPrefix: `{"type":"response.reasoning_text.delta",${place},"sequence_number":`,
    }
    return this.textRun
  }

  private summary(source: number, frame: WriteFrame): Run {
    if (this.summaryRun?.source === source) return this.summaryRun
    this.endSummary(frame)
    const index = this.summaries.length
    const place = this.place('summary_index', index)
    this.writer.event('response.reasoning_summary_part.added', `${place},"part":{"type":"summary_text","text":""}`, frame)
    const deltaPrefix = `{"type":"response.reasoning_summary_text.delta",${place},"sequence_number":`
    this.summaryRun = { form: 'summary', source, index, pieces: [], deltaPrefix }
    return this.summaryRun
  }

  private endSummary(frame: WriteFrame): void {
    const run = this.summaryRun
    if (run === undefined) return
    this.summaryRun = undefined
    const text = run.pieces.join('')
    this.summaries.push(text)
    const place = this.place('summary_index', run.index)
    this.writer.event('response.reasoning_summary_text.done', `${place},"text":${JSON.stringify(text)}`, frame)
    this.writer.event(
      'response.reasoning_summary_part.done',
      `${place},"part":${JSON.stringify({ type: 'summary_text', text })}`,
      frame,
    )
  }

  private place(field: 'content_index' | 'summary_index', index: number): string {
    return `"item_id":${JSON.stringify(this.id)},"output_index":${this.index},"${field}":${index}`
  }
}
