import type { ContentPart, ReasoningPart, TextPart, ToolCallPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import { customInputOf } from '../custom-tools.ts'
import type { Report } from '../report.ts'
import { toolInputText } from '../tool-input.ts'
import { encodeAnswerImages } from './answer-content.ts'
import { encodeAnnotation } from './citation.ts'
import type { ClientTools } from './client-tools.ts'
import { carriedEntry, detailsOf, reasoningText } from './reasoning-encoder.ts'

/** The message of a choice, for clients of this format. `path` is the place of the choice's content in the answer. */
export function encodeAnswerMessage(
  content: readonly ContentPart[],
  tools: ClientTools,
  path: string,
  report: Report,
): JsonObject {
  const message: JsonObject = { role: 'assistant', content: null, refusal: null }
  const texts = content.filter((part) => part.type === 'text')
  if (texts.length > 0) putText(message, texts, path, report)
  const refusals = content.filter((part) => part.type === 'refusal')
  if (refusals.length > 0) message['refusal'] = refusals.map((part) => part.text).join('')
  putReasoning(
    message,
    content.filter((part) => part.type === 'reasoning'),
  )
  const calls = content.flatMap((part): JsonObject[] => {
    if (part.type === 'tool-call') return [encodeCall(part, tools)]
    return part.type === 'hosted-tool-call' && part.origin === 'openai' ? [part.raw] : []
  })
  if (calls.length > 0) message['tool_calls'] = calls
  putMedia(message, content, report, path)
  reportOthers(content, path, report)
  return message
}

function putText(message: JsonObject, parts: readonly TextPart[], path: string, report: Report): void {
  message['content'] = parts.map((part) => part.text).join('')
  const annotations: JsonObject[] = []
  let start = 0
  for (const part of parts) {
    const end = start + part.text.length
    for (const citation of part.citations ?? []) {
      const annotation = encodeAnnotation(citation, start, end)
      if (annotation !== undefined) annotations.push(annotation)
      else report.lost('part.citation', part.path ?? path, 'a citation without an address was left out')
    }
    start = end
  }
  if (annotations.length > 0) message['annotations'] = annotations
}

function putReasoning(message: JsonObject, parts: readonly ReasoningPart[]): void {
  const text = parts
    .map(reasoningText)
    .filter((piece) => piece !== '')
    .join('\n\n')
  if (text !== '') message['reasoning_content'] = text
  const details = parts.flatMap((part, index): unknown[] => {
    const own = detailsOf(part)
    if (own !== undefined) return own
    const carried = carriedEntry(part, index)
    return carried === undefined ? [] : [carried]
  })
  if (details.length > 0) message['reasoning_details'] = details
}

function encodeCall(part: ToolCallPart, tools: ClientTools): JsonObject {
  const call = tools.call(part.name, part.namespace, part.input.kind)
  const text = toolInputText(part.input)
  const encoded: JsonObject = call.custom
    ? { id: part.id, type: 'custom', custom: { name: call.name, input: call.emulated ? customInputOf(text) : text } }
    : { id: part.id, type: 'function', function: { name: call.name, arguments: text } }
  if (part.signature !== undefined) encoded['extra_content'] = { google: { thought_signature: part.signature } }
  return encoded
}

function putMedia(message: JsonObject, content: readonly ContentPart[], report: Report, path: string): void {
  const audio = content.find((part) => part.type === 'audio')
  if (audio !== undefined) message['audio'] = encodeAnswerAudio(audio)
  const images = encodeAnswerImages(content)
  if (images.length === 0) return
  report.rewritten('part.image_in_assistant', path, 'images of an answer stand in a list of their own')
  message['images'] = images
}

/** Generated audio in the shape of `message.audio`. */
export function encodeAnswerAudio(part: Extract<ContentPart, { type: 'audio' }>): JsonObject {
  return {
    id: part.id ?? '',
    data: part.source.kind === 'base64' ? part.source.data : '',
    transcript: part.transcript ?? '',
    expires_at: part.expiresAt ?? 0,
  }
}

function reportOthers(content: readonly ContentPart[], path: string, report: Report): void {
  for (const part of content) {
    if (part.type === 'hosted-tool-call' && part.origin !== 'openai')
      report.lost('part.hosted_tool_call', part.path ?? path, 'clients of this format know no hosted tools')
    else if (part.type === 'hosted-tool-result')
      report.lost('part.hosted_tool_result', part.path ?? path, 'clients of this format know no hosted tools')
    else if (part.type === 'compaction')
      report.lost('part.compaction', part.path ?? path, 'clients of this format know no compaction')
    else if (part.type === 'opaque')
      report.lost('part.opaque', part.path ?? path, 'a part that only its own format knows was left out')
    else if (part.type === 'document' || part.type === 'video')
      report.lost('part.opaque', part.path ?? path, 'an answer cannot hold such media')
  }
}
