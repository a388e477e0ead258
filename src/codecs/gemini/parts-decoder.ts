import type { ContentPart, ReasoningPart, ToolCallPart, ToolResultPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import { requireObject, requireString } from '../wire-values.ts'
import type { CallIds } from './call-ids.ts'
import { keepExtra } from '../extra-fields.ts'
import { FieldReader, listOf } from './fields.ts'
import { decodeFileData, decodeInlineData, type MediaPart } from './media-decoder.ts'
import { restoreSignature, STAND_IN_SIGNATURE } from './signature.ts'

/** Parts that hold a tool the vendor runs: kind of the part, and the field in which its id stands. */
const HOSTED: Readonly<Record<string, 'call' | 'result'>> = {
  executableCode: 'call',
  codeExecutionResult: 'result',
  toolCall: 'call',
  toolResponse: 'result',
}

/** Parts of one content, in order. A text with a signature becomes the text and the reasoning that was signed. */
export function decodeParts(value: unknown, path: string, ids: CallIds): ContentPart[] {
  return listOf(value).flatMap((part, index) => decodePart(requireObject(part, `${path}/${index}`), `${path}/${index}`, ids))
}

function decodePart(part: JsonObject, path: string, ids: CallIds): ContentPart[] {
  const fields = new FieldReader(part, path)
  const text = fields.string('text')
  if (text !== undefined) return decodeText(text, fields)
  if (fields.has('functionCall')) return [decodeFunctionCall(fields, ids)]
  if (fields.has('functionResponse')) return [decodeFunctionResponse(fields, ids)]
  if (fields.has('inlineData')) return [mediaOf(decodeInlineData(fields.any('inlineData'), fields.pathOf('inlineData')), fields)]
  if (fields.has('fileData')) return [mediaOf(decodeFileData(fields.any('fileData'), fields.pathOf('fileData')), fields)]
  for (const [name, role] of Object.entries(HOSTED)) if (fields.has(name)) return [hostedPart(part, name, role, path)]
  const signature = fields.string('thoughtSignature')
  if (signature !== undefined && fields.rest().length === 0) return [signed(signature, fields)]
  return [{ type: 'opaque', format: 'gemini', json: part, path }]
}

function decodeText(text: string, fields: FieldReader): ContentPart[] {
  const isThought = fields.boolean('thought') === true
  const signature = fields.string('thoughtSignature')
  if (isThought) {
    const part: ReasoningPart = { type: 'reasoning', text, path: fields.path, origin: 'gemini' }
    if (signature !== undefined) restoreSignature(part, signature)
    return [keepExtra(part, fields.extra())]
  }
  const parts: ContentPart[] = []
  if (text !== '' || signature === undefined) parts.push(keepExtra({ type: 'text', text, path: fields.path }, fields.extra()))
  if (signature !== undefined) parts.push(signed(signature, fields))
  return parts
}

/** The signature of a text, or of nothing: reasoning that cannot be read. */
function signed(signature: string, fields: FieldReader): ReasoningPart {
  const part: ReasoningPart = { type: 'reasoning', path: fields.pathOf('thoughtSignature') }
  restoreSignature(part, signature)
  return part
}

function decodeFunctionCall(fields: FieldReader, ids: CallIds): ToolCallPart {
  const path = fields.pathOf('functionCall')
  const call = new FieldReader(requireObject(fields.any('functionCall'), path), path)
  const name = requireString(call.any('name'), call.pathOf('name'))
  const part: ToolCallPart = {
    type: 'tool-call',
    id: ids.called(call.string('id'), name, fields.path),
    name,
    input: { kind: 'json', value: call.record('args') ?? {} },
    path: fields.path,
  }
  const signature = fields.string('thoughtSignature')
  // The gateway put the stand-in there itself: it is nobody's state.
  if (signature !== undefined && signature !== STAND_IN_SIGNATURE) part.signature = signature
  fields.keepNested('functionCall', call.extra())
  return keepExtra(part, fields.extra())
}

function decodeFunctionResponse(fields: FieldReader, ids: CallIds): ToolResultPart {
  const path = fields.pathOf('functionResponse')
  const answer = new FieldReader(requireObject(fields.any('functionResponse'), path), path)
  const name = requireString(answer.any('name'), answer.pathOf('name'))
  const answered = ids.answered(answer.string('id'), name, fields.path)
  const part: ToolResultPart = { type: 'tool-result', callId: answered.id, content: [], kind: 'json', path: fields.path }
  // The name repeats the call's, so it only says something where it does not.
  if (answered.name !== name) part.name = name
  decodeResponse(answer, part)
  const media = answer.any('parts')
  if (media !== undefined) part.content.push(...decodeParts(media, answer.pathOf('parts'), ids))
  fields.keepNested('functionResponse', answer.extra())
  return keepExtra(part, fields.extra())
}

/** The vendor's names for the output of a function and for its failure, and the one that most clients use. */
const OUTPUTS = ['output', 'result', 'error'] as const

/** `response`: an object with one text stands for the text, any other one for its JSON. */
function decodeResponse(answer: FieldReader, part: ToolResultPart): void {
  const response = answer.record('response')
  if (response === undefined) return
  const path = answer.pathOf('response')
  const [only, ...others] = Object.keys(response)
  if (only === undefined) return
  const name = OUTPUTS.find((output) => output === only)
  const text = response[only]
  if (others.length > 0 || name === undefined || typeof text !== 'string') {
    part.content.push({ type: 'text', text: JSON.stringify(response), path })
    return
  }
  if (name === 'error') part.isError = true
  part.content.push({ type: 'text', text, path: `${path}/${name}` })
}

/** A part that the vendor's own tools made: kept whole, its signature included. */
function hostedPart(part: JsonObject, name: string, role: 'call' | 'result', path: string): ContentPart {
  const fields = new FieldReader(part, path)
  const inner = new FieldReader(requireObject(fields.any(name), fields.pathOf(name)), path)
  const id = inner.string('id')
  const type = inner.string('toolType')
  const kind = type === undefined ? 'code_execution' : type.toLowerCase()
  return role === 'call'
    ? { type: 'hosted-tool-call', kind, id, origin: 'gemini', raw: part, path }
    : { type: 'hosted-tool-result', kind, callId: id, origin: 'gemini', raw: part, path }
}

function mediaOf(part: MediaPart, fields: FieldReader): MediaPart {
  part.path = fields.path
  const extra = fields.extra()
  if (extra === undefined) return part
  part.extra = { format: 'gemini', fields: { ...part.extra?.fields, ...extra.fields } }
  return part
}
