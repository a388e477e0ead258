import type { ReasoningPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import { callSignatureEnvelope } from '../call-signatures.ts'
import { wrapState } from '../carrier.ts'
import type { ClientContext } from '../codec.ts'
import { customInputOf } from '../custom-tools.ts'
import { ToolNames } from '../namespaces.ts'

/** The id of a response: the upstream's own when it is one of this format, else made of the request id. */
export function responseId(upstreamId: string | undefined, context: ClientContext): string {
  return upstreamId?.startsWith('resp_') === true ? upstreamId : `resp_${context.requestId}`
}

/** The id of the item at `index`: the upstream's own when it has the prefix that clients expect. */
export function itemId(prefix: string, upstreamId: string | undefined, index: number, context: ClientContext): string {
  return upstreamId?.startsWith(`${prefix}_`) === true
    ? upstreamId
    : `${prefix}_${context.requestId}${index.toString(16).padStart(4, '0')}`
}

/** A tool call as the client knows the tool: name without namespace, and whether its input is free text. */
export interface ClientCall {
  readonly name: string
  readonly namespace: string | undefined
  readonly custom: boolean
  /** The free text stands inside the JSON arguments of an emulated function. */
  readonly wrapped: boolean
}

/** Finds the client's own tool behind a call. The table of names is only built when a call comes. */
export class CallResolver {
  private readonly request: LlmRequest
  private names: ToolNames | undefined = undefined

  constructor(request: LlmRequest) {
    this.request = request
  }

  resolve(name: string, namespace: string | undefined, kind: 'json' | 'text'): ClientCall {
    if (namespace !== undefined) return { name, namespace, custom: kind === 'text', wrapped: false }
    this.names ??= new ToolNames(this.request.tools)
    const resolved = this.names.resolve(name)
    const wrapped = kind === 'json' && resolved.tool?.type === 'custom'
    return { name: resolved.name, namespace: resolved.namespace, custom: wrapped || kind === 'text', wrapped }
  }
}

/** What a call item says besides which tool it calls. */
export interface CallFields {
  readonly id: string
  readonly callId: string
  /** Arguments or free text as the client gets them. */
  readonly input: string
  readonly caller: unknown
  readonly status: string
}

/** Input as the client gets it: free text out of its emulation, no arguments as an empty object. */
export function clientInput(call: ClientCall, received: string): string {
  if (call.wrapped) return customInputOf(received)
  return call.custom ? received : received || '{}'
}

/** Callers of other formats are told in other words, which clients of this one would refuse. */
function isCaller(caller: unknown): boolean {
  if (!isObject(caller)) return false
  return caller['type'] === 'direct' || (caller['type'] === 'program' && typeof caller['caller_id'] === 'string')
}

/** The item of a tool call. */
export function callItem(call: ClientCall, fields: CallFields): JsonObject {
  const { id, callId, input, caller, status } = fields
  const item: JsonObject = { id, type: call.custom ? 'custom_tool_call' : 'function_call', status, call_id: callId }
  if (call.namespace !== undefined) item['namespace'] = call.namespace
  item['name'] = call.name
  item[call.custom ? 'input' : 'arguments'] = input
  if (isCaller(caller)) item['caller'] = caller
  return item
}

/** The item in which a client keeps the signature of the call behind it. */
export function callStateItem(id: string, callId: string, signature: string): JsonObject {
  return { id, type: 'reasoning', summary: [], encrypted_content: callSignatureEnvelope(callId, signature) }
}

/** Whether the client asked to see reasoning as a summary: then the text of other models is shown as one. */
export function wantsSummary(request: LlmRequest): boolean {
  return request.reasoning?.summary !== undefined
}

/** The finished reasoning item. Other formats' state travels in the envelope, so that it comes home in the next turn. */
export function reasoningItem(
  id: string,
  summaries: readonly string[],
  text: string | undefined,
  state: ReasoningPart,
): JsonObject {
  const item: JsonObject = { id, type: 'reasoning', summary: summaries.map((entry) => ({ type: 'summary_text', text: entry })) }
  if (text !== undefined) item['content'] = [{ type: 'reasoning_text', text }]
  const encrypted = encryptedContent(state)
  if (encrypted !== undefined) item['encrypted_content'] = encrypted
  return item
}

function encryptedContent(state: ReasoningPart): string | undefined {
  const { id, signature, redacted, encrypted, details, callId } = state
  const ownOrigin = state.origin === undefined || state.origin === 'responses'
  if (ownOrigin && encrypted !== undefined) return encrypted
  // Without state of its own, an item id says that the reasoning is OpenAI's.
  const stateless = signature === undefined && redacted === undefined && encrypted === undefined && details === undefined
  if (stateless && ownOrigin && id?.startsWith('rs_') === true) return undefined
  return wrapState({ origin: state.origin ?? 'openai', id, signature, redacted, encrypted, details, callId })
}
