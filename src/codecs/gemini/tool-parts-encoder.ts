import type { ContentPart, ToolCallPart, ToolResultPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { toolInputObject } from '../tool-input.ts'
import { placedId } from './call-ids.ts'
import { finished, type EncodeContext } from './encode-context.ts'
import type { FunctionNames } from './function-names.ts'
import { encodePart } from './parts-encoder.ts'

/** A call as its result has to name it. */
interface WrittenCall {
  /** As the client called it. */
  readonly called: string
  readonly name: string
  /** Undefined when a client of this format gave it none. */
  readonly id: string | undefined
}

/** Calls and results of one request: a result repeats the name of its call. */
export class ToolPartsEncoder {
  private readonly names: FunctionNames
  private readonly context: EncodeContext
  private readonly calls = new Map<string, WrittenCall>()

  constructor(names: FunctionNames, context: EncodeContext) {
    this.names = names
    this.context = context
  }

  call(part: ToolCallPart): JsonObject {
    const { report, isNative } = this.context
    const input = toolInputObject(part.input)
    if (!input.exact) {
      if (part.input.kind === 'text')
        report.rewritten('part.tool_call_custom', part.path, 'the free-form input of a call is sent as an object')
      else report.rewritten('part.tool_call_invalid_json', part.path, 'tool input that is no JSON object was wrapped in one')
    }
    if (part.namespace !== undefined)
      report.rewritten('part.tool_call_namespace', part.path, 'the namespace of a call became part of its name')
    if (part.caller !== undefined) report.lost('part.tool_call_caller', part.path, 'who called a tool cannot be told here')
    if (part.itemId !== undefined || part.status !== undefined)
      report.lost('part.tool_call_status', part.path, 'the format has no item id or status of a call')
    const name = this.names.wireName(part.name, part.namespace)
    if (part.namespace === undefined && name !== part.name)
      report.rewritten('tools.name', part.path, 'the name of a called tool has characters the format does not take')
    const id = isNative && part.id === placedId(part.path ?? '') ? undefined : part.id
    this.calls.set(part.id, { called: part.name, name, id })
    const written: JsonObject = { functionCall: { ...(id === undefined ? {} : { id }), name, args: input.value } }
    if (part.signature !== undefined) written['thoughtSignature'] = part.signature
    return finished(written, part, this.context)
  }

  /** The result, and behind it media that the model takes only beside results. */
  result(part: ToolResultPart): JsonObject[] {
    const { report } = this.context
    if (part.itemId !== undefined || part.status !== undefined)
      report.lost('part.tool_call_status', part.path, 'the format has no item id or status of a result')
    const call = this.calls.get(part.callId)
    // A client of this format that names another function knows why.
    const isNamed = part.name !== undefined && part.name !== call?.called
    if (isNamed && call !== undefined && !this.context.isNative)
      report.lost('message.name', part.path, 'a tool result bears the name of its call')
    const ownName = isNamed && this.context.isNative ? part.name : undefined
    const name = ownName === undefined && call !== undefined ? call.name : this.names.wireName(ownName ?? part.name ?? 'unknown')
    const id = call === undefined ? part.callId : call.id
    const { text, media } = this.content(part)
    const isInside = media.length > 0 && (this.context.isNative || this.context.family.mediaInResults)
    const written: JsonObject = {
      functionResponse: {
        ...(id === undefined ? {} : { id }),
        name,
        ...(text === undefined ? {} : { response: this.response(text, part) }),
        ...(isInside ? { parts: media } : {}),
      },
    }
    return [finished(written, part, this.context), ...(isInside ? [] : media)]
  }

  private content(part: ToolResultPart): { text: string | undefined; media: JsonObject[] } {
    const { report, family, isNative } = this.context
    const texts: string[] = []
    const media: JsonObject[] = []
    for (const inner of part.content) {
      if (inner.type === 'tool-call' || inner.type === 'tool-result') continue
      for (const written of encodePart(inner, this.context)) {
        if (typeof written['text'] === 'string' && Object.keys(written).length === 1) texts.push(written['text'])
        else media.push(written)
      }
      if (isMedia(inner) && !family.mediaInResults && !isNative) {
        const feature = inner.type === 'document' ? 'part.document_in_tool_result' : 'part.image_in_tool_result'
        report.rewritten(feature, inner.path, 'media of a tool result stands behind it')
      }
    }
    const isEmpty = texts.length === 0 && this.context.isNative
    return { text: isEmpty ? undefined : texts.join('\n'), media }
  }

  /** The vendor's names for an output and a failure; a client of this format gets its own object back. */
  private response(text: string, part: ToolResultPart): JsonObject {
    if (this.context.isNative) {
      const [first] = part.content
      const name = /\/(output|result|error|response)$/.exec(first?.path ?? '')?.[1]
      if (name === 'response') return parsedObject(text)
      if (name !== undefined) return { [name]: text }
    }
    return { [part.isError === true ? 'error' : 'output']: text }
  }
}

const isMedia = (part: ContentPart): boolean =>
  part.type === 'image' || part.type === 'document' || part.type === 'audio' || part.type === 'video'

function parsedObject(text: string): JsonObject {
  const value: unknown = JSON.parse(text)
  return isObject(value) ? value : {}
}
