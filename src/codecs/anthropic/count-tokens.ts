import type { JsonObject } from '../../ir/json.ts'

/** What the token counter takes of a messages body; it refuses the rest. */
const COUNTED = [
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'cache_control',
  'context_management',
  'mcp_servers',
  'speed',
] as const

/** Body of `POST /v1/messages/count_tokens` from an encoded messages body. */
export function countTokensBody(body: JsonObject): JsonObject {
  const counted: JsonObject = {}
  for (const field of COUNTED) if (body[field] !== undefined) counted[field] = body[field]
  return counted
}

/** The answer of the counter. */
export function countTokensAnswer(inputTokens: number): JsonObject {
  return { input_tokens: inputTokens }
}

/** The number in an upstream's answer; undefined when it is none. */
export function countedTokens(body: unknown): number | undefined {
  const tokens = typeof body === 'object' && body !== null ? (body as JsonObject)['input_tokens'] : undefined
  return typeof tokens === 'number' ? tokens : undefined
}
