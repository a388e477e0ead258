import type { Feature } from '../ir/feature.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { Report } from './report.ts'

type Field = readonly [feature: Feature, valueOf: (request: LlmRequest) => unknown, neutral?: unknown]

/** Fields of OpenAI's APIs that other formats have not, with the value that means the same as leaving them out. */
const FIELDS: readonly Field[] = [
  ['max_tool_calls', (request) => request.maxToolCalls],
  ['verbosity', (request) => request.verbosity],
  ['modalities', (request) => request.modalities],
  ['audio_output', (request) => request.audio],
  ['prediction', (request) => request.prediction],
  ['include', (request) => request.include],
  ['truncation', (request) => request.truncation, 'disabled'],
  ['state.store', (request) => request.state?.store, false],
  ['state.background', (request) => request.state?.background, false],
  ['state.conversation', (request) => request.state?.conversation],
  ['state.previous_response_id', (request) => request.state?.previousResponseId],
  ['state.prompt_template', (request) => request.state?.promptTemplate],
  ['safety_identifier', (request) => request.safetyIdentifier],
  ['prompt_cache_key', (request) => request.promptCacheKey],
  ['prompt_cache_retention', (request) => request.promptCacheRetention],
  ['metadata', (request) => request.metadata],
  ['user', (request) => request.user],
  ['cache_hint', (request) => request.cache],
]

/** Reports what of them a request has and the format has not; `known` are those that the format takes. */
export function reportForeignFields(request: LlmRequest, report: Report, known: ReadonlySet<Feature>): void {
  for (const [feature, valueOf, neutral] of FIELDS) {
    const value = valueOf(request)
    if (value === undefined || known.has(feature)) continue
    const path = request.paths?.[feature]
    if (neutral !== undefined && value === neutral) report.rewritten(feature, path, 'the format always does so')
    else report.lost(feature, path, 'the format has no such field')
  }
}

/** Reports the sampling controls that Claude's formats have not: those of Anthropic and of Bedrock. */
export function reportForeignSampling({ sampling, paths }: LlmRequest, report: Report): void {
  const lost = (feature: Feature, why = 'the format has no such sampling control'): void =>
    report.lost(feature, paths?.[feature], why)
  if (sampling.seed !== undefined) lost('sampling.seed')
  if (sampling.frequencyPenalty !== undefined) lost('sampling.frequency_penalty')
  if (sampling.presencePenalty !== undefined) lost('sampling.presence_penalty')
  if (sampling.logitBias !== undefined) lost('sampling.logit_bias')
  if (sampling.logprobs !== undefined || sampling.topLogprobs !== undefined)
    lost('sampling.logprobs', 'the format has no log-probabilities')
  if (sampling.n === 1) report.rewritten('sampling.n', paths?.['sampling.n'], 'the format always gives one answer')
  else if (sampling.n !== undefined) lost('sampling.n', 'the format gives one answer only')
}
