import type { Translated } from '../../ir/diagnostic.ts'
import type { Feature } from '../../ir/feature.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest, Message, ResponseFormat } from '../../ir/request.ts'
import { withoutAttribution } from '../attribution.ts'
import type { EncodeTarget } from '../codec.ts'
import { distinctCallIds, repairToolHistory } from '../history.ts'
import { Report } from '../report.ts'
import { put, putExtra } from './field-writer.ts'
import { encodeInput } from './input-encoder.ts'
import { encodeOptions } from './options-encoder.ts'
import { encodeReasoningOptions } from './reasoning-options.ts'
import { encodeToolChoice, encodeTools, reportUselessChoice } from './tool-encoder.ts'

/** A canonical request as a body for an upstream that speaks Responses. */
export function encodeRequest(request: LlmRequest, target: EncodeTarget): Translated<JsonObject> {
  const report = new Report()
  const native = request.origin === 'responses'
  // Other formats keep nothing at the provider unless they say so; this one does by default.
  const store = request.state?.store ?? (native ? undefined : false)
  const body: JsonObject = { model: target.model }
  const { instructions, rest } = splitInstructions(withoutAttribution(request.messages, report))
  if (instructions !== undefined) put(body, 'instructions', encodeInstructions(instructions, report))
  // Bodies of this format may rightly answer calls that only the provider knows (previous_response_id), so they are left alone.
  const messages = native ? rest : distinctCallIds(repairToolHistory(rest, report), report)
  reportPrefill(messages, native, report)
  const [only] = messages
  const asString =
    messages.length === 1 && only?.path === '/input' && native && only.content.length === 1 ? only.content[0] : undefined
  if (asString?.type === 'text') body['input'] = asString.text
  else if (messages.length > 0 || !continuesElsewhere(request))
    body['input'] = encodeInput(messages, { report, native, stored: store !== false })
  if (request.tools !== undefined) {
    const tools = encodeTools(request.tools, native, report)
    if (tools.length > 0 || native) body['tools'] = tools
  }
  if (request.toolChoice !== undefined) {
    if (native || body['tools'] !== undefined) put(body, 'tool_choice', encodeToolChoice(request.toolChoice, request, report))
    else reportUselessChoice(request.toolChoice, request, report)
  }
  if (target.stream) body['stream'] = true
  put(body, 'store', store)
  encodeOptions(request, target, body, report)
  encodeReasoningOptions(request, target, body, report)
  encodeText(request, body, report)
  putExtra(body, request.extra, '', report)
  return { value: body, diagnostics: report.diagnostics }
}

/** Calls that build on something stored may come without any input. */
function continuesElsewhere({ state }: LlmRequest): boolean {
  return state?.promptTemplate !== undefined || state?.previousResponseId !== undefined || state?.conversation !== undefined
}

/** A single plain instruction text becomes `instructions`; system prompts in several blocks stay a message, blocks and all. */
function splitInstructions(messages: Message[]): { instructions: Message | undefined; rest: Message[] } {
  const leading = messages.filter((message) => message.instructions === true)
  const [only] = leading
  const [text] = only?.content ?? []
  const fits = leading.length === 1 && only?.role === 'system' && only.content.length === 1 && text?.type === 'text'
  return fits && only !== undefined
    ? { instructions: only, rest: messages.filter((message) => message !== only) }
    : { instructions: undefined, rest: messages }
}

function encodeInstructions(message: Message, report: Report): string | undefined {
  const [part] = message.content
  if (part?.type !== 'text') return undefined
  if (part.cache !== undefined)
    report.lost('cache_hint', part.path, 'cache markers are not possible here; the provider caches by itself')
  if (part.citations !== undefined && part.citations.length > 0)
    report.lost('part.citation', part.path, 'citations are only possible in answers')
  putExtra({}, part.extra, part.path, report)
  putExtra({}, message.extra, message.path, report)
  return part.text
}

function reportPrefill(messages: readonly Message[], native: boolean, report: Report): void {
  const last = messages.at(-1)
  if (native || last?.role !== 'assistant' || last.content.some((part) => part.type === 'tool-call')) return
  report.rewritten('message.assistant_prefill', last.path, 'the model starts a new turn after the last assistant text')
}

function encodeText(request: LlmRequest, body: JsonObject, report: Report): void {
  const text: JsonObject = {}
  if (request.responseFormat !== undefined) put(text, 'format', encodeFormat(request.responseFormat, request, report))
  put(text, 'verbosity', request.verbosity)
  if (Object.keys(text).length > 0) body['text'] = text
}

/** `text.format` of a response format; undefined when it belongs to another provider. */
export function encodeFormat(format: ResponseFormat, request: LlmRequest, report: Report): unknown {
  switch (format.type) {
    case 'text':
      return { type: 'text' }
    case 'json':
      return { type: 'json_object' }
    case 'json-schema': {
      const encoded: JsonObject = { type: 'json_schema', name: format.name ?? 'response' }
      put(encoded, 'description', format.description)
      encoded['schema'] = format.schema
      put(encoded, 'strict', format.strict)
      return encoded
    }
    case 'raw': {
      if (format.origin === 'responses') return format.raw
      const feature: Feature = 'response_format.raw'
      report.lost(feature, request.paths?.[feature], 'an output format of another provider was left out')
      return undefined
    }
  }
}
