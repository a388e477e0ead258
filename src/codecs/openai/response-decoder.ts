import { GatewayError } from '../../errors/gateway-error.ts'
import type { ContentPart, TextPart } from '../../ir/content.ts'
import type { Translated } from '../../ir/diagnostic.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmResponse, ResponseChoice } from '../../ir/response.ts'
import { generatedCallId } from '../generated-call-id.ts'
import { Report } from '../report.ts'
import { answerAudio, answerImages, answerPieces } from './answer-content.ts'
import { decodeAnnotation } from './citation.ts'
import { decodeError, isErrorBody } from './error.ts'
import { FieldReader } from './fields.ts'
import { decodeFinish } from './finish.ts'
import { decodeToolCall } from './message-decoder.ts'
import { decodeReasoning } from './reasoning-decoder.ts'
import { decodeUsage } from './usage.ts'

/** Decodes a whole answer of `POST /chat/completions`. */
export function decodeResponse(body: unknown): Translated<LlmResponse> {
  if (isErrorBody(body)) {
    const facts = decodeError(200, body)
    throw new GatewayError('upstream_bad_response', facts.message ?? 'the upstream answered with an error', { upstream: facts })
  }
  if (!isObject(body) || !Array.isArray(body['choices'])) {
    throw new GatewayError('upstream_bad_response', 'the answer of the upstream holds no choices')
  }
  const report = new Report()
  const fields = new FieldReader(body)
  fields.string('object')
  const response: LlmResponse = { choices: [] }
  const id = fields.string('id')
  const model = fields.string('model')
  const createdAt = fields.number('created')
  if (id !== undefined && id !== '') response.id = id
  if (model !== undefined && model !== '') response.model = model
  if (createdAt !== undefined) response.createdAt = createdAt
  response.choices = (fields.array('choices') ?? []).map((choice, at) => decodeChoice(choice, at, id, report))
  const usage = fields.record('usage')
  if (usage !== undefined) response.usage = decodeUsage(usage, body['service_tier'])
  const unknown = Object.entries(fields.extra()?.fields ?? {}).filter(([, value]) => value !== null)
  if (unknown.length > 0) response.extra = { format: 'openai', fields: Object.fromEntries(unknown) }
  return { value: response, diagnostics: report.diagnostics }
}

function decodeChoice(choice: unknown, at: number, responseId: string | undefined, report: Report): ResponseChoice {
  if (!isObject(choice) || !isObject(choice['message']))
    throw new GatewayError('upstream_bad_response', 'a choice of the upstream holds no message')
  const fields = new FieldReader(choice)
  const index = fields.number('index') ?? at
  const message = new FieldReader(fields.record('message') ?? {})
  const content = decodeMessage(message, () =>
    report.lost('part.opaque', `/choices/${at}/message/content`, 'a part of unknown type was left out'),
  )
  content.push(...decodeCalls(message, index, responseId))
  const logprobs = fields.record('logprobs')
  const text = content.find((part) => part.type === 'text')
  if (logprobs !== undefined && Array.isArray(logprobs['content'])) {
    if (text?.type === 'text') text.logprobs = { format: 'openai', value: logprobs['content'] }
    else report.lost('part.logprobs', `/choices/${at}/logprobs`, 'probabilities without text were left out')
  }
  if (Array.isArray(logprobs?.['refusal']) && logprobs['refusal'].length > 0)
    report.lost('part.logprobs', `/choices/${at}/logprobs/refusal`, 'probabilities of a refusal were left out')
  const raw = fields.string('finish_reason')
  const matched = fields.any('stop_reason') ?? fields.any('matched_stop')
  const called = content.some((part) => part.type === 'tool-call')
  reportUnknown(message, `/choices/${at}/message`, report)
  reportUnknown(fields, `/choices/${at}`, report)
  return {
    index,
    content,
    finish: raw === undefined || raw === '' ? { unified: called ? 'tool-calls' : 'unknown' } : decodeFinish(raw, called, matched),
  }
}

function decodeMessage(message: FieldReader, unknownPart: () => void): ContentPart[] {
  message.string('role')
  const pieces = answerPieces(message.any('content'), unknownPart)
  const thinking = pieces
    .filter((piece) => piece.kind === 'reasoning')
    .map((piece) => piece.text)
    .join('')
  const reasoningText =
    message.string('reasoning_content') ?? message.string('reasoning') ?? (thinking === '' ? undefined : thinking)
  message.string('reasoning')
  const content: ContentPart[] = decodeReasoning({ text: reasoningText, details: message.array('reasoning_details') }, undefined)
  const text = pieces
    .filter((piece) => piece.kind === 'text')
    .map((piece) => piece.text)
    .join('')
  const annotations = (message.array('annotations') ?? []).filter(isObject)
  if (text !== '' || annotations.length > 0) {
    const part: TextPart = { type: 'text', text }
    if (annotations.length > 0) part.citations = annotations.map(decodeAnnotation)
    content.push(part)
  }
  const refusal = message.string('refusal')
  if (refusal !== undefined && refusal !== '') content.push({ type: 'refusal', text: refusal })
  const audio = message.record('audio')
  if (audio !== undefined) content.push(answerAudio(audio))
  content.push(...answerImages(message.array('images')))
  return content
}

function decodeCalls(message: FieldReader, choice: number, responseId: string | undefined): ContentPart[] {
  const calls = [...(message.array('tool_calls') ?? [])]
  const functionCall = message.record('function_call')
  if (functionCall !== undefined) calls.push({ type: 'function', function: functionCall })
  return calls.flatMap((call: unknown, at): ContentPart[] => {
    const part = isObject(call) ? decodeToolCall(call, generatedCallId(responseId, choice, at), undefined) : undefined
    return part === undefined ? [] : [part]
  })
}

/** Fields of an answer that nothing models are told, unless they say nothing. */
function reportUnknown(fields: FieldReader, path: string, report: Report): void {
  const unknown: JsonObject = fields.extra()?.fields ?? {}
  for (const key of Object.keys(unknown)) {
    if (unknown[key] !== null) report.lost('extension', `${path}/${key}`, 'a field that only this upstream knows was left out')
  }
}
