import type { RequestNeed } from '../ir/need.ts'
import type { RouteRequirements } from '../ir/snapshot.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { RouteConfig } from '../routing/route.schema.ts'

type RequireConfig = RouteConfig['require']
type Flag = { [Key in keyof RequireConfig]-?: RequireConfig[Key] extends boolean ? Key : never }[keyof RequireConfig]

const NEEDS: readonly (readonly [Flag, RequestNeed])[] = [
  ['streaming', 'streaming'],
  ['tool_calling', 'tools'],
  ['parallel_tool_calls', 'parallel_tools'],
  ['server_tools', 'hosted_tools'],
  ['vision_in', 'vision'],
  ['audio_in', 'audio'],
  ['file_in', 'file'],
  ['image_out', 'image_out'],
  ['reasoning', 'reasoning'],
  ['reasoning_summary', 'reasoning_summary'],
  ['json_schema', 'json_schema'],
]

const SOURCES = { inline_base64: 'vision_inline', remote_url: 'vision_url', provider_file_ref: 'vision_file' } as const
const PROTOCOLS: Readonly<Record<RequireConfig['server_tool_protocols'][number], WireFormat>> = {
  openai_responses: 'responses',
  open_ai_responses: 'responses',
  anthropic: 'anthropic',
  gemini: 'gemini',
}

/** What a route or combo demands of its targets. */
export function requirementsOf(require: RequireConfig): RouteRequirements {
  const needs = [
    ...NEEDS.filter(([flag]) => require[flag]).map(([, need]) => need),
    ...require.vision_sources.map((source) => SOURCES[source]),
  ]
  const formats = [...new Set(require.server_tool_protocols.map((protocol) => PROTOCOLS[protocol]))]
  return {
    minContextTokens: require.min_context_tokens,
    ...(needs.length === 0 ? {} : { needs }),
    ...(formats.length === 0 ? {} : { formats }),
    ...(require.certified ? { certified: true } : {}),
  }
}
