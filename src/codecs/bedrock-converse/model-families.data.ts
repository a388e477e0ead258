/** What models of one family take through the API, beside what all of them take. */
export interface ModelFamily {
  /** Found in ids of models, of inference profiles and in ARNs. */
  readonly names: RegExp
  /** How reasoning is asked for among the model's own fields; undefined where it cannot be. */
  readonly reasoning?: 'claude' | 'nova' | 'effort' | undefined
  /** Cache points are taken. */
  readonly cachePoints: boolean
  /** Where `top_k` stands among the model's own fields. */
  readonly topK?: readonly string[] | undefined
  /** Takes back what Claude's models signed elsewhere, as the vendor's guide to extended thinking says. */
  readonly claudeSignatures: boolean
}

/** The first that fits. Sources: the vendors' parameters of their models on Bedrock, and the guide to prompt caching there. */
const MODEL_FAMILIES: readonly [...ModelFamily[], ModelFamily] = [
  { names: /anthropic\.|claude/i, reasoning: 'claude', cachePoints: true, topK: ['top_k'], claudeSignatures: true },
  { names: /amazon\.nova-2/i, reasoning: 'nova', cachePoints: true, topK: ['inferenceConfig', 'topK'], claudeSignatures: false },
  { names: /amazon\.nova/i, cachePoints: true, topK: ['inferenceConfig', 'topK'], claudeSignatures: false },
  { names: /openai\.gpt-oss/i, reasoning: 'effort', cachePoints: false, claudeSignatures: false },
  { names: /(?:)/, cachePoints: false, claudeSignatures: false },
]

export const familyOf = (model: string): ModelFamily => MODEL_FAMILIES.find(({ names }) => names.test(model)) ?? MODEL_FAMILIES[0]
