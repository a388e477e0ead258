import { isObject, type JsonObject } from '../ir/json.ts'
import { WIRE_FORMATS, type WireFormat } from '../ir/wire-format.ts'

/**
 * The envelope in which opaque reasoning state of one format travels through a client of another one. A client that replays
 * unknown opaque strings (all of them do: signatures and encrypted content are opaque to clients) gives it back next turn, and
 * the gateway restores the origin's own fields. Shape: `sbk1.<origin>.<base64url of JSON>`.
 *
 * Where it stands: Chat `reasoning_details[].signature|data` and, for tool calls, `extra_content.switchback`;
 * Responses `reasoning.encrypted_content`; Anthropic `thinking.signature` or `redacted_thinking.data`; Gemini `thoughtSignature`;
 * Converse `reasoningContent.reasoningText.signature`.
 * The signature of a call travels in an envelope of its own in front of the call where the format has no other place.
 */
export interface CarriedState {
  readonly origin: WireFormat
  readonly id?: string | undefined
  readonly signature?: string | undefined
  readonly redacted?: string | undefined
  readonly encrypted?: string | undefined
  /** `reasoning_details[]` of OpenAI-shaped providers, verbatim. */
  readonly details?: unknown[] | undefined
  /** The call whose signature this is. */
  readonly callId?: string | undefined
}

const PREFIX = 'sbk1.'

/** Wraps opaque state for a client of another format. */
export function wrapState(state: CarriedState): string {
  const { origin, ...payload } = state
  return `${PREFIX}${origin}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`
}

/** The state inside an envelope, or undefined when the string is no envelope of ours. */
export function unwrapState(value: string): CarriedState | undefined {
  if (!value.startsWith(PREFIX)) return undefined
  const dot = value.indexOf('.', PREFIX.length)
  const origin = value.slice(PREFIX.length, dot)
  if (!isFormat(origin)) return undefined
  try {
    const payload: unknown = JSON.parse(Buffer.from(value.slice(dot + 1), 'base64url').toString())
    return isObject(payload) ? carriedState(origin, payload) : undefined
  } catch {
    return undefined // a damaged envelope is treated like any foreign string
  }
}

/** A client may have changed it: what is of another type is left out. */
function carriedState(origin: WireFormat, payload: JsonObject): CarriedState {
  const text = (name: string): string | undefined => {
    const value = payload[name]
    return typeof value === 'string' ? value : undefined
  }
  const { details } = payload
  return {
    origin,
    id: text('id'),
    signature: text('signature'),
    redacted: text('redacted'),
    encrypted: text('encrypted'),
    details: Array.isArray(details) ? details : undefined,
    callId: text('callId'),
  }
}

const isFormat = (word: string): word is WireFormat => (WIRE_FORMATS as readonly string[]).includes(word)
