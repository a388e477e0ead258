/** Token counts by kind of content. */
export interface ModalityTokens {
  text?: number | undefined
  image?: number | undefined
  audio?: number | undefined
  video?: number | undefined
  document?: number | undefined
}

/**
 * What a call consumed. Unknown is `undefined`, never 0. Reports of one call are merged by replacing field by field, never by adding.
 */
export interface Usage {
  /** All input tokens, cache reads and cache writes included. */
  inputTokens?: number | undefined
  /** All output tokens, reasoning included. */
  outputTokens?: number | undefined
  /** Part of `inputTokens` served from the provider's prompt cache. */
  cacheReadTokens?: number | undefined
  /** Part of `inputTokens` written to the cache; the total of both lifetimes. */
  cacheWriteTokens?: number | undefined
  cacheWrite5mTokens?: number | undefined
  cacheWrite1hTokens?: number | undefined
  /** Part of `outputTokens` spent on reasoning. */
  reasoningTokens?: number | undefined
  inputByModality?: ModalityTokens | undefined
  outputByModality?: ModalityTokens | undefined
  /** Input tokens of tool results the provider fed itself. */
  toolPromptTokens?: number | undefined
  acceptedPredictionTokens?: number | undefined
  rejectedPredictionTokens?: number | undefined
  /** Calls of hosted tools by kind (`web_search_requests` …). */
  hostedToolCalls?: Record<string, number> | undefined
  serviceTier?: string | undefined
  region?: string | undefined
  /** Cost the provider itself reports, in USD. */
  providerCostUsd?: number | undefined
  /** Sub-calls of one answer, in the provider's words. */
  iterations?: unknown[] | undefined
  /** The usage object as received last. */
  raw?: unknown
}

/** Merges a later usage report into an earlier one: fields that the later one knows replace, the others stay. */
export function mergeUsage(earlier: Usage | undefined, later: Usage): Usage {
  if (earlier === undefined || knowsAll(later, earlier)) return later
  const merged: Record<string, unknown> = { ...earlier }
  for (const [key, value] of Object.entries(later)) if (value !== undefined) merged[key] = value
  return merged
}

/** Most reports of a stream tell what the one before did: the later stands for both. */
function knowsAll(later: Usage, earlier: Usage): boolean {
  for (const key in earlier)
    if (earlier[key as keyof Usage] !== undefined && later[key as keyof Usage] === undefined) return false
  return true
}
