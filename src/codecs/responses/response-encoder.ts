import type { ContentPart, ReasoningPart, RefusalPart, TextPart } from '../../ir/content.ts'
import type { Translated } from '../../ir/diagnostic.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmResponse } from '../../ir/response.ts'
import type { ClientContext } from '../codec.ts'
import { Report } from '../report.ts'
import { toolInputText } from '../tool-input.ts'
import { putExtra } from './field-writer.ts'
import { encodeStatus } from './finish.ts'
import {
  callItem,
  CallResolver,
  callStateItem,
  clientInput,
  itemId,
  reasoningItem,
  responseId,
  wantsSummary,
} from './output-items.ts'
import { encodeOutputPart } from './part-encoder.ts'
import { echoFields } from './response-echo.ts'
import { encodeUsage } from './usage.ts'

/** A whole answer as a response object. */
export function encodeResponse(response: LlmResponse, context: ClientContext): Translated<JsonObject> {
  const report = new Report()
  const [choice, ...others] = response.choices
  for (const other of others) report.lost('sampling.n', `/choices/${other.index}`, 'there is one answer only here')
  const finish = choice?.finish ?? { unified: 'unknown' as const }
  const { status, incomplete } = encodeStatus(finish)
  const { extra } = response
  const body: JsonObject = {
    id: responseId(response.id, context),
    object: 'response',
    created_at: response.createdAt ?? context.createdAt,
    status,
    error: status === 'failed' ? { code: 'server_error', message: 'the model failed to answer' } : null,
    incomplete_details: incomplete,
    model: context.model,
    output: new OutputBuilder(context, report).build(choice?.content ?? []),
  }
  if (response.usage !== undefined) body['usage'] = encodeUsage(response.usage)
  Object.assign(body, echoFields(context, extra?.format === 'responses' ? extra.fields : undefined, response.usage?.serviceTier))
  if (extra !== undefined && extra.format !== 'responses') putExtra({}, extra, '', report)
  return { value: body, diagnostics: report.diagnostics }
}

class OutputBuilder {
  private readonly output: JsonObject[] = []
  private readonly context: ClientContext
  private readonly report: Report
  private readonly calls: CallResolver
  /** Texts and refusals that stand in one message item. */
  private pending: (TextPart | RefusalPart)[] = []

  constructor(context: ClientContext, report: Report) {
    this.context = context
    this.report = report
    this.calls = new CallResolver(context.request)
  }

  build(parts: readonly ContentPart[]): JsonObject[] {
    for (const part of parts) this.part(part)
    this.flush()
    return this.output
  }

  private part(part: ContentPart): void {
    if (part.type === 'text' || part.type === 'refusal') {
      if (part.type === 'text' && this.pending.length > 0 && messageIdOf(this.pending) !== part.id) this.flush()
      this.pending.push(part)
      return
    }
    const item = this.item(part)
    if (item === undefined) return
    this.flush()
    if (part.type === 'tool-call' && part.signature !== undefined)
      this.output.push(callStateItem(itemId('rs', undefined, this.output.length, this.context), part.id, part.signature))
    this.output.push(item(this.output.length))
  }

  /** How to make the item of a part once its index is known; undefined when the format has none. */
  private item(part: Exclude<ContentPart, TextPart | RefusalPart>): ((index: number) => JsonObject) | undefined {
    switch (part.type) {
      case 'reasoning':
        return (index) => this.reasoning(part, index)
      case 'tool-call':
        return (index) => {
          const call = this.calls.resolve(part.name, part.namespace, part.input.kind)
          const id = itemId(call.custom ? 'ctc' : 'fc', part.itemId, index, this.context)
          const input = clientInput(call, toolInputText(part.input))
          return callItem(call, { id, callId: part.id, input, caller: part.caller, status: part.status ?? 'completed' })
        }
      case 'hosted-tool-call':
      case 'hosted-tool-result':
      case 'compaction':
        if (part.origin === 'responses') return () => part.raw
        break
      case 'opaque': {
        const { json } = part
        if (part.format === 'responses' && isObject(json) && part.path?.includes('/content') !== true) return () => json
        break
      }
      case 'image': {
        const { source } = part
        if (source.kind === 'base64')
          return (index) => ({
            id: itemId('ig', undefined, index, this.context),
            type: 'image_generation_call',
            status: 'completed',
            result: source.data,
          })
        break
      }
      default:
    }
    this.left(part)
    return undefined
  }

  private left(part: ContentPart): void {
    const feature =
      part.type === 'hosted-tool-call'
        ? 'part.hosted_tool_call'
        : part.type === 'hosted-tool-result'
          ? 'part.hosted_tool_result'
          : part.type === 'compaction'
            ? 'part.compaction'
            : 'part.opaque'
    this.report.lost(feature, part.path, 'a part of the answer has no place in this format')
  }

  private reasoning(part: ReasoningPart, index: number): JsonObject {
    if (part.signature !== undefined || part.redacted !== undefined) {
      this.report.rewritten('part.reasoning_signature', part.path, 'reasoning state of another format travels in an envelope')
    }
    const asSummary = part.text !== undefined && wantsSummary(this.context.request)
    const summaries = asSummary ? [part.text ?? '', ...(part.summary ?? [])] : (part.summary ?? [])
    const item = reasoningItem(itemId('rs', part.id, index, this.context), summaries, asSummary ? undefined : part.text, part)
    putExtra(item, part.extra, part.path, this.report)
    return item
  }

  private flush(): void {
    if (this.pending.length === 0) return
    const parts = this.pending
    this.pending = []
    const phase = parts.find((part) => part.type === 'text')?.phase
    const item: JsonObject = {
      id: itemId('msg', messageIdOf(parts), this.output.length, this.context),
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: parts.map((part) => encodeOutputPart(part, this.report)),
    }
    if (phase !== undefined) item['phase'] = phase
    this.output.push(item)
  }
}

function messageIdOf(parts: readonly (TextPart | RefusalPart)[]): string | undefined {
  for (const part of parts) if (part.type === 'text') return part.id
  return undefined
}
