import type { LlmRequest } from '../ir/request.ts'

/** Headers in which clients name their session, most specific first. Values are bounded to 128 characters. */
const SESSION_HEADERS = [
  'x-switchback-session-id',
  'x-claude-code-session-id',
  'x-codex-session-id',
  'x-session-id',
  'session-id',
  'x-session-affinity',
] as const

/** The conversation a call belongs to, if the client names one in a header or in the fields agents use for it. */
export function sessionIdOf(headers: Headers, request: LlmRequest): string | undefined {
  for (const name of SESSION_HEADERS) {
    const value = headers.get(name)
    if (value !== null && value !== '') return value.slice(0, 128)
  }
  return request.promptCacheKey?.slice(0, 128)
}
