import type { LimitedResource } from '../ir/rate-limits.ts'

/** Headers of one limit; `windowMs` is how long the limit runs where no header says when it ends. */
export interface LimitHeaders {
  readonly resource: LimitedResource
  readonly limit: string
  readonly remaining: string
  readonly reset?: string | undefined
  readonly windowMs?: number | undefined
}

/** One vendor's way of telling limits. It is read when one of its markers is there. */
export interface LimitHeaderFamily {
  readonly markers: readonly string[]
  /** `continuous`: what was used comes back evenly until the reset. `window`: all of it comes back at the reset. */
  readonly refill: 'continuous' | 'window'
  readonly limits: readonly LimitHeaders[]
}

const openai = (resource: LimitedResource, name: string): LimitHeaders => ({
  resource,
  limit: `x-ratelimit-limit-${name}`,
  remaining: `x-ratelimit-remaining-${name}`,
  reset: `x-ratelimit-reset-${name}`,
})

const anthropic = (resource: LimitedResource, name: string): LimitHeaders => ({
  resource,
  limit: `anthropic-ratelimit-${name}-limit`,
  remaining: `anthropic-ratelimit-${name}-remaining`,
  reset: `anthropic-ratelimit-${name}-reset`,
})

const MINUTE_MS = 60_000

/**
 * In the order in which they are looked for. Sources:
 * - OpenAI, and in its words Azure (plain seconds, -1 for unknown), Groq and xAI (no resets):
 *   platform.openai.com/docs/guides/rate-limits, learn.microsoft.com/azure/ai-foundry/openai/how-to/quota,
 *   console.groq.com/docs/rate-limits. Fireworks splits tokens: docs.fireworks.ai/guides/quotas_usage/rate-limits.
 * - Anthropic (RFC 3339 times): platform.claude.com/docs/en/api/rate-limits.
 * - Cerebras and Mistral (limits named by their window): inference-docs.cerebras.ai/support/rate-limits,
 *   docs.mistral.ai/deployment/laplateforme/tier.
 * - OpenRouter (Unix milliseconds) and Together (seconds): openrouter.ai/docs/api/reference/limits, docs.together.ai/docs/rate-limits.
 */
export const LIMIT_HEADER_FAMILIES: readonly LimitHeaderFamily[] = [
  {
    markers: ['x-ratelimit-remaining-requests', 'x-ratelimit-remaining-tokens'],
    refill: 'continuous',
    limits: [
      openai('requests', 'requests'),
      openai('tokens', 'tokens'),
      openai('inputTokens', 'tokens-prompt'),
      openai('outputTokens', 'tokens-generated'),
    ],
  },
  {
    markers: ['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-input-tokens-remaining'],
    refill: 'continuous',
    limits: [
      anthropic('requests', 'requests'),
      anthropic('tokens', 'tokens'),
      anthropic('inputTokens', 'input-tokens'),
      anthropic('outputTokens', 'output-tokens'),
    ],
  },
  {
    markers: ['x-ratelimit-remaining-tokens-minute'],
    refill: 'window',
    limits: [
      openai('requests', 'requests-day'),
      { ...openai('requests', 'req-minute'), windowMs: MINUTE_MS },
      { ...openai('tokens', 'tokens-minute'), windowMs: MINUTE_MS },
    ],
  },
  {
    markers: ['x-ratelimit-remaining'],
    refill: 'window',
    limits: [
      {
        resource: 'requests',
        limit: 'x-ratelimit-limit',
        remaining: 'x-ratelimit-remaining',
        reset: 'x-ratelimit-reset',
      },
      { resource: 'tokens', limit: 'x-tokenlimit-limit', remaining: 'x-tokenlimit-remaining', reset: 'x-ratelimit-reset' },
    ],
  },
]
