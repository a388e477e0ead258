import type { Feature } from '../ir/feature.ts'
import type { LlmRequest } from '../ir/request.ts'

/**
 * Fields that keep house at the provider: keys of caches, names and states of earlier items, tracing, what may be stored. An answer is
 * the same without them. Codex sends most of them with every call. Cache markers (`cache_hint`) are none of them: without those a
 * long prompt costs several times as much.
 */
const ALWAYS: readonly Feature[] = [
  'message.id',
  'message.status',
  'part.tool_call_status',
  'prompt_cache_key',
  'prompt_cache_retention',
  'vendor.client_metadata',
  'vendor.stream_options',
  'metadata',
  'safety_identifier',
  'user',
]

/** `include` entry that asks for reasoning in a form only the provider can read, to be sent back on the next turn. */
const ENCRYPTED_REASONING = 'reasoning.encrypted_content'

const harmlessSets = [false, true].map((unstored) =>
  [false, true].map((unincluded): ReadonlySet<Feature> => {
    const more: Feature[] = [...(unstored ? (['state.store'] as const) : []), ...(unincluded ? (['include'] as const) : [])]
    return new Set([...ALWAYS, ...more])
  }),
)

/**
 * Features of a request whose loss is harmless, so that `translation: strict` does not refuse for them. They are reported as lost all the
 * same. `store` counts only when it is false: nobody keeps what was not to be kept. The same answer is the same set.
 */
export function housekeepingFeatures(request: LlmRequest): ReadonlySet<Feature> {
  const isUnstored = request.state?.store === false
  const isUnincluded = request.include?.every((entry) => entry === ENCRYPTED_REASONING) === true
  return harmlessSets[Number(isUnstored)]![Number(isUnincluded)]!
}
