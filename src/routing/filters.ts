import type { Rejection, RejectionCode } from '../ir/decision.ts'
import type { Feature } from '../ir/feature.ts'
import type { Capabilities, ProviderFacts, RouteRequirements } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import type { DecisionQuestion } from './decision-question.ts'

interface CapabilityFilter {
  readonly capability: keyof Capabilities
  readonly code: RejectionCode
  readonly reason: string
  needed(question: DecisionQuestion): boolean
}

const uses =
  (...wanted: readonly Feature[]) =>
  (question: DecisionQuestion): boolean => {
    const features = question.features()
    return wanted.some((feature) => features.has(feature))
  }

/** Hard filters on what the operator declared; an undeclared capability is unknown and passes. */
const CAPABILITY_FILTERS: readonly CapabilityFilter[] = [
  {
    capability: 'streaming',
    code: 'streaming_unsupported',
    reason: 'streaming was asked for and the target does not stream',
    needed: (question) => question.stream,
  },
  {
    capability: 'toolCalling',
    code: 'tools_unsupported',
    reason: 'tools were offered and the target does not call tools',
    needed: uses('tools.name', 'tools.namespace', 'tools.hosted'),
  },
  {
    capability: 'jsonSchema',
    code: 'json_schema_unsupported',
    reason: 'structured output was asked for and the target does not support it',
    needed: uses('response_format.json_schema'),
  },
  {
    capability: 'visionIn',
    code: 'vision_unsupported',
    reason: 'an image was sent and the target does not see images',
    needed: uses('part.image_base64', 'part.image_url', 'part.image_file'),
  },
  {
    capability: 'audioIn',
    code: 'audio_unsupported',
    reason: 'audio was sent and the target does not hear audio',
    needed: uses('part.audio'),
  },
  {
    capability: 'fileIn',
    code: 'file_unsupported',
    reason: 'a document was sent and the target does not read documents',
    needed: uses('part.document_base64', 'part.document_url', 'part.document_file'),
  },
]

/** The first declared capability, or requirement of the route, that rules the target out; undefined when none does. */
export function capabilityRejection(
  provider: ProviderFacts,
  target: Target,
  question: DecisionQuestion,
  requirements: RouteRequirements | undefined,
): Rejection | undefined {
  const { capabilities } = provider
  for (const filter of CAPABILITY_FILTERS) {
    if (capabilities[filter.capability] === false && filter.needed(question)) {
      return {
        target_id: target.id,
        code: filter.code,
        reason: filter.reason,
        evidence: { declared: { [filter.capability]: false } },
      }
    }
  }
  return limitRejection(capabilities, target, question, requirements)
}

function limitRejection(
  { maxContextTokens, maxOutputTokens }: Capabilities,
  target: Target,
  question: DecisionQuestion,
  requirements: RouteRequirements | undefined,
): Rejection | undefined {
  const demanded = requirements?.minContextTokens
  if (demanded !== undefined && maxContextTokens !== undefined && maxContextTokens < demanded) {
    return {
      target_id: target.id,
      code: 'context_window_too_small',
      reason: `the route demands a context window of ${demanded} tokens and this one is ${maxContextTokens}`,
      evidence: { context_window: maxContextTokens, required: demanded },
    }
  }
  const needed = question.estimatedInputTokens + (question.maxOutputTokens ?? 0)
  if (maxContextTokens !== undefined && needed > maxContextTokens) {
    return {
      target_id: target.id,
      code: 'context_window_too_small',
      reason: `about ${needed} tokens are needed and the context window is ${maxContextTokens}`,
      evidence: {
        context_window: maxContextTokens,
        estimated_input_tokens: question.estimatedInputTokens,
        max_output_tokens: question.maxOutputTokens,
      },
    }
  }
  if (maxOutputTokens !== undefined && question.maxOutputTokens !== undefined && question.maxOutputTokens > maxOutputTokens) {
    return {
      target_id: target.id,
      code: 'output_limit_too_small',
      reason: `${question.maxOutputTokens} output tokens were asked for and the limit is ${maxOutputTokens}`,
      evidence: { max_output_tokens: maxOutputTokens },
    }
  }
  return undefined
}
