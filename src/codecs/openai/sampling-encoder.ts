import type { Feature } from '../../ir/feature.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest, SamplingOptions } from '../../ir/request.ts'
import type { EncodeTarget } from '../codec.ts'
import type { Report } from '../report.ts'
import { put } from './fields.ts'

/** OpenAI refuses more stop sequences than these. */
const MAX_STOPS = 4

const KNOBS = [
  ['temperature', 'temperature', 'sampling.temperature'],
  ['topP', 'top_p', 'sampling.top_p'],
  ['frequencyPenalty', 'frequency_penalty', 'sampling.frequency_penalty'],
  ['presencePenalty', 'presence_penalty', 'sampling.presence_penalty'],
] as const satisfies readonly (readonly [keyof SamplingOptions, string, Feature])[]

/** Writes sampling options and the limit of the output. */
export function encodeSampling(request: LlmRequest, target: EncodeTarget, body: JsonObject, report: Report): void {
  const { sampling } = request
  // Reasoning models of OpenAI answer 400 to any of these; there they are left out by rule.
  const refused = target.facts.sampling === false && request.origin !== 'openai'
  for (const [field, key, feature] of KNOBS) {
    const value = sampling[field]
    if (value === undefined) continue
    if (refused) report.edited(feature, request.paths?.[feature], 'this model takes no sampling options')
    else body[key] = value
  }
  put(body, 'seed', sampling.seed)
  put(body, 'n', sampling.n)
  put(body, 'logprobs', sampling.logprobs)
  put(body, 'top_logprobs', sampling.topLogprobs)
  put(body, 'logit_bias', sampling.logitBias)
  if (sampling.topLogprobs !== undefined && sampling.logprobs === undefined && request.origin !== 'openai')
    body['logprobs'] = true
  if (sampling.topK !== undefined) {
    if (target.quirks.topK === true) body['top_k'] = sampling.topK
    else report.lost('sampling.top_k', request.paths?.['sampling.top_k'], 'the upstream knows no top_k')
  }
  putStop(request, body, report)
  put(body, target.quirks.maxTokensField ?? 'max_tokens', request.maxOutputTokens)
}

function putStop(request: LlmRequest, body: JsonObject, report: Report): void {
  const { stop } = request.sampling
  if (stop === undefined || stop.length === 0) return
  if (stop.length > MAX_STOPS && request.origin !== 'openai') {
    report.edited('sampling.stop', request.paths?.['sampling.stop'], 'only four stop sequences are accepted')
    body['stop'] = stop.slice(0, MAX_STOPS)
  } else {
    body['stop'] = stop
  }
}
