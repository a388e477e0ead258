import type { Rejection } from '../../ir/decision.ts'
import type { Asked } from '../asked.ts'
import type { Candidate } from '../candidate.ts'
import type { HardFilter } from './filter.types.ts'

type Verdict = 'demanded' | 'unknown' | 'window' | 'output'

/** The prompt and the requested answer must fit the context window, and the answer the output limit. Other endpoints take many texts at once. */
export const limits: HardFilter = {
  applies: ({ question }) => question.endpoint === undefined,
  refuses: (candidate, asked) => verdict(candidate, asked) !== undefined,
  reject: (candidate, asked) => explain(candidate, asked, verdict(candidate, asked)),
}

function verdict({ facts }: Candidate, asked: Asked): Verdict | undefined {
  const { question, route } = asked
  const { contextWindow, maxOutputTokens, declared } = facts
  const wanted = question.maxOutputTokens
  if (contextWindow === undefined) {
    if (route.selection.unknownContext === 'reject') return 'unknown'
  } else {
    const demanded = route.requirements?.minContextTokens
    if (demanded !== undefined && contextWindow < demanded) return 'demanded'
    const counts = asked.heedsCatalogue || declared?.maxContextTokens !== undefined
    if (counts && question.estimatedInputTokens + (wanted ?? 0) > contextWindow) return 'window'
  }
  if (!asked.heedsCatalogue && declared?.maxOutputTokens === undefined) return undefined
  return maxOutputTokens !== undefined && wanted !== undefined && wanted > maxOutputTokens ? 'output' : undefined
}

function explain({ target, facts }: Candidate, { question, route }: Asked, found: Verdict | undefined): Rejection {
  const { contextWindow, maxOutputTokens } = facts
  const demanded = route.requirements?.minContextTokens
  const { estimatedInputTokens, maxOutputTokens: wanted } = question
  const needed = estimatedInputTokens + (wanted ?? 0)
  const source = { source: facts.declared?.maxContextTokens === undefined ? 'catalogue' : 'declared' }
  switch (found) {
    case 'unknown':
      return {
        target_id: target.id,
        code: 'context_window_unknown',
        reason: 'its context window is not known and `context_unknown: reject` refuses such targets',
        evidence: { estimated_input_tokens: estimatedInputTokens },
      }
    case 'demanded':
      return {
        target_id: target.id,
        code: 'context_window_too_small',
        reason: `the route demands a context window of ${demanded} tokens and this one is ${contextWindow}`,
        evidence: { context_window: contextWindow, required: demanded, ...source },
      }
    case 'output':
      return {
        target_id: target.id,
        code: 'output_limit_too_small',
        reason: `${wanted} output tokens were asked for and the limit is ${maxOutputTokens}`,
        evidence: { max_output_tokens: maxOutputTokens, requested: wanted },
      }
    default:
      return {
        target_id: target.id,
        code: 'context_window_too_small',
        reason: `about ${needed} tokens are needed and the context window is ${contextWindow}`,
        evidence: {
          context_window: contextWindow,
          estimated_input_tokens: estimatedInputTokens,
          ...(wanted === undefined ? {} : { max_output_tokens: wanted }),
          ...source,
        },
      }
  }
}
