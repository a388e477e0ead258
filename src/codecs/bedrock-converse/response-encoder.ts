import type { ContentPart, TextPart } from '../../ir/content.ts'
import type { Translated } from '../../ir/diagnostic.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmResponse } from '../../ir/response.ts'
import { callSignatureEnvelope } from '../call-signatures.ts'
import type { ClientContext } from '../codec.ts'
import { Report } from '../report.ts'
import { toolInputObject } from '../tool-input.ts'
import { mergeExtra } from '../extra-fields.ts'
import { answerToolName, nativeCitation, wholeBlock } from './answer-parts.ts'
import { encodeFinish } from './finish.ts'
import { encodeMetrics } from './metrics.ts'
import { readableReasoning } from '../reasoning-state.ts'
import { signatureFor } from './reasoning.ts'
import { encodeUsage } from './usage.ts'

/** Canonical answer → an answer of `Converse`. */
export function encodeResponse(response: LlmResponse, context: ClientContext): Translated<JsonObject> {
  const report = new Report()
  const [first, ...others] = response.choices
  if (others.length > 0) report.lost('sampling.n', undefined, 'the format shows one answer only')
  const content = (first?.content ?? []).flatMap((part) => encodePart(part, context, report))
  const { stopReason, modelFields } = encodeFinish(first?.finish)
  const own = response.extra?.format === 'bedrock_converse' ? response.extra.fields : {}
  const body: JsonObject = {
    output: { message: { role: 'assistant', content } },
    stopReason,
    usage: encodeUsage(response.usage),
    ...(Object.keys(modelFields).length === 0 ? {} : { additionalModelResponseFields: modelFields }),
  }
  return { value: mergeExtra(body, { ...encodeMetrics(context), ...own }), diagnostics: report.diagnostics }
}

function encodePart(part: ContentPart, context: ClientContext, report: Report): JsonObject[] {
  switch (part.type) {
    case 'text':
      return part.text === '' ? [] : [withFields(encodeText(part, report), part)]
    case 'refusal':
      report.rewritten('part.refusal', part.path, 'a refusal is shown as text')
      return part.text === '' ? [] : [{ text: part.text }]
    case 'reasoning': {
      if (part.origin === 'bedrock_converse' && part.redacted !== undefined)
        return [withFields({ reasoningContent: { redactedContent: part.redacted } }, part)]
      const signature = signatureFor(part)
      const text = readableReasoning(part)
      if (text === '' && signature === undefined) return []
      const reasoningText = { text, ...(signature === undefined ? {} : { signature }) }
      return [withFields({ reasoningContent: { reasoningText } }, part)]
    }
    case 'tool-call': {
      const name = answerToolName(part.name, context.request)
      const call = withFields({ toolUse: { toolUseId: part.id, name, input: toolInputObject(part.input).value } }, part)
      return part.signature === undefined ? [call] : [callState(part.id, part.signature), call]
    }
    default: {
      const block = wholeBlock(part, report)
      return block === undefined ? [] : [block]
    }
  }
}

function encodeText(part: TextPart, report: Report): JsonObject {
  if (part.logprobs !== undefined) report.lost('part.logprobs', part.path, 'the format has no log-probabilities')
  const citations = part.citations
    ?.map((citation) => nativeCitation(citation, report))
    .filter((citation) => citation !== undefined)
  if (citations === undefined || citations.length === 0) return { text: part.text }
  return { citationsContent: { content: [{ text: part.text }], citations } }
}

/** The block in which a client keeps the signature of the call behind it. */
export function callState(callId: string, signature: string): JsonObject {
  return { reasoningContent: { reasoningText: { text: '', signature: callSignatureEnvelope(callId, signature) } } }
}

function withFields(block: JsonObject, part: ContentPart): JsonObject {
  if (part.extra?.format !== 'bedrock_converse') return block
  // A text with sources that was kept as it came.
  const { citationsContent, ...fields } = part.extra.fields
  return citationsContent === undefined ? mergeExtra(block, fields) : { ...fields, citationsContent }
}
