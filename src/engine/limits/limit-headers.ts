import type { LimitRule } from '../../ir/limits.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import type { HeaderList } from '../engine.ts'
import type { RuleStanding } from './limiter.ts'

type Measure = 'requests' | 'tokens'

/** The rate limits of a caller as clients of a format read them: of requests, and of tokens, the one that is nearest. */
export function limitHeaders(standings: readonly RuleStanding[], format: WireFormat, wall: number): HeaderList {
  const headers: [string, string][] = []
  for (const measure of ['requests', 'tokens'] as const) {
    const nearest = nearestOf(standings, measure)
    if (nearest === undefined) continue
    const figures = {
      limit: nearest.rule.limit,
      remaining: Math.max(0, nearest.rule.limit - nearest.used),
      resetAt: nearest.resetAt ?? wall,
    }
    headers.push(...(format === 'anthropic' ? anthropicHeaders(measure, figures) : openAiHeaders(measure, figures, wall)))
  }
  return headers
}

/** Whose share that is left is smallest. */
function nearestOf(standings: readonly RuleStanding[], measure: LimitRule['measure']): RuleStanding | undefined {
  let nearest: RuleStanding | undefined
  for (const standing of standings) {
    if (standing.rule.measure !== measure) continue
    if (nearest === undefined || leftOf(standing) < leftOf(nearest)) nearest = standing
  }
  return nearest
}

const leftOf = ({ rule, used }: RuleStanding): number => (rule.limit - used) / rule.limit

interface Figures {
  readonly limit: number
  readonly remaining: number
  /** Unix milliseconds. */
  readonly resetAt: number
}

const openAiHeaders = (measure: Measure, { limit, remaining, resetAt }: Figures, wall: number): [string, string][] => [
  [`x-ratelimit-limit-${measure}`, String(limit)],
  [`x-ratelimit-remaining-${measure}`, String(remaining)],
  [`x-ratelimit-reset-${measure}`, `${Math.max(0, Math.ceil((resetAt - wall) / 1000))}s`],
]

const anthropicHeaders = (measure: Measure, { limit, remaining, resetAt }: Figures): [string, string][] => [
  [`anthropic-ratelimit-${measure}-limit`, String(limit)],
  [`anthropic-ratelimit-${measure}-remaining`, String(remaining)],
  [`anthropic-ratelimit-${measure}-reset`, new Date(Math.ceil(resetAt / 1000) * 1000).toISOString().replace('.000Z', 'Z')],
]
