import { createHash, createHmac } from 'node:crypto'
import type { LlmRequest } from '../ir/request.ts'

/** Headers in which clients name their session, most specific first: ours, those of known agents, then those that several share. */
const SESSION_HEADERS = [
  'x-switchback-session-id',
  'x-switchyard-session-id',
  'x-claude-code-session-id',
  'x-codex-session-id',
  'x-nemo-relay-session-id',
  'x-session-id',
  'session-id',
  // Codex before it wrote a hyphen.
  'session_id',
  'x-session-affinity',
] as const

/** A header that holds JSON, the session among other things. */
const TURN_HEADER = 'x-codex-turn-metadata'

/** Where the client named its session: a header, a field of the body, or the hash of its first message. */
export type SessionSource =
  | (typeof SESSION_HEADERS)[number]
  | typeof TURN_HEADER
  | 'metadata.user_id'
  | 'metadata.session_id'
  | 'client_metadata.session_id'
  | 'conversation'
  | 'prompt_cache_key'
  | 'previous_response_id'
  | 'first_message'

export interface SessionIdentity {
  /** At most 128 characters, without control characters. */
  readonly id: string
  readonly source: SessionSource
}

export interface SessionOptions {
  /** Name of the conversation that the answer of `previous_response_id` belongs to. */
  readonly continued?: string | undefined
  /**
   * Without any name, take the hash of the first user message with this salt, which keeps short texts from being guessed. Equal
   * beginnings then count as one session. Undefined: off.
   */
  readonly firstMessageSalt?: string | undefined
}

const MAX_LENGTH = 128
/** What is kept of a longer id before the hash that tells it from others with the same beginning. */
const KEPT_LENGTH = 95
/** JSON beyond this is not a client's note about its session. */
const MAX_JSON = 4_096

/**
 * The conversation a call belongs to, and where the client named it. `previous_response_id` comes last of the names: it names the turn
 * before, so its conversation has to be known. The messages of such a call are no beginning.
 */
export function identifySession(
  headers: Headers,
  request: LlmRequest,
  { continued, firstMessageSalt }: SessionOptions = {},
): SessionIdentity | undefined {
  for (const name of SESSION_HEADERS) {
    const value = headers.get(name)
    if (value !== null && value.trim() !== '') return { id: sessionName(value), source: name }
  }
  const turn = headers.get(TURN_HEADER)
  return (
    (turn === null ? undefined : identity(sessionInJson(turn), TURN_HEADER)) ??
    namedInBody(request) ??
    identity(continued, 'previous_response_id') ??
    (firstMessageSalt !== undefined && request.state?.previousResponseId === undefined
      ? identity(firstMessageHash(request, firstMessageSalt), 'first_message')
      : undefined)
  )
}

function namedInBody({ user, metadata, vendor, state, promptCacheKey }: LlmRequest): SessionIdentity | undefined {
  return (
    identity(sessionInUserId(user), 'metadata.user_id') ??
    identity(metadata?.['session_id'], 'metadata.session_id') ??
    identity(fieldOf(vendor?.client_metadata, 'session_id'), 'client_metadata.session_id') ??
    identity(typeof state?.conversation === 'string' ? state.conversation : fieldOf(state?.conversation, 'id'), 'conversation') ??
    identity(promptCacheKey, 'prompt_cache_key')
  )
}

const identity = (value: unknown, source: SessionSource): SessionIdentity | undefined =>
  typeof value === 'string' && value.trim() !== '' ? { id: sessionName(value), source } : undefined

/** Claude Code's user id: since 2.1.78 JSON with a `session_id`, before that text that ends in `_session_` and the id. */
function sessionInUserId(user: string | undefined): unknown {
  if (user === undefined) return undefined
  if (user.startsWith('{')) return sessionInJson(user)
  return /_session_([0-9A-Za-z-]{8,128})$/.exec(user)?.[1]
}

function sessionInJson(text: string): unknown {
  if (text.length > MAX_JSON) return undefined
  try {
    return fieldOf(JSON.parse(text), 'session_id')
  } catch {
    return undefined // a client's note that is no JSON names no session
  }
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined

/** Hash of the text the conversation began with; of the text itself nothing is kept. */
function firstMessageHash({ messages }: LlmRequest, salt: string): string | undefined {
  const first = messages.find(({ role }) => role === 'user')
  const hash = createHmac('sha256', salt)
  let isEmpty = true
  for (const part of first?.content ?? []) {
    if (part.type !== 'text' || part.text === '') continue
    hash.update(part.text).update('\u0000')
    isEmpty = false
  }
  return isEmpty ? undefined : `msg_${hash.digest('hex').slice(0, 32)}`
}

/** Ids are printed and searched for, so they hold no control characters; long ones end in a hash instead of being cut off. */
export function sessionName(value: string): string {
  const id = value.trim().replace(/\p{Cc}/gu, '_')
  if (id.length <= MAX_LENGTH) return id
  return `${id.slice(0, KEPT_LENGTH).toWellFormed()}~${createHash('sha256')
    .update(id)
    .digest('hex')
    .slice(0, MAX_LENGTH - KEPT_LENGTH - 1)}`
}
