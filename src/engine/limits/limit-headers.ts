import type { LimitRule } from '../../ir/limits.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import type { Standing } from '../../state/limits/store.ts'
import type { HeaderList } from '../engine.ts'

/** Names of the headers for the limit, what of it remains, and when all of it is free. */
type Names = readonly [limit: string, remaining: string, reset: string]

const MEASURES = ['requests', 'tokens'] as const

const OPENAI: Readonly<Record<(typeof MEASURES)[number], Names>> = {
  requests: ['x-ratelimit-limit-requests', 'x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  tokens: ['x-ratelimit-limit-tokens', 'x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
}
const ANTHROPIC: typeof OPENAI = {
  requests: [
    'anthropic-ratelimit-requests-limit',
    'anthropic-ratelimit-requests-remaining',
    'anthropic-ratelimit-requests-reset',
  ],
  tokens: ['anthropic-ratelimit-tokens-limit', 'anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-reset'],
}

/** The rate limits of a caller as clients of a format read them: of requests, and of tokens, the one that is nearest. `standings` are those of `rules`. */
export function limitHeaders(
  rules: readonly LimitRule[],
  standings: readonly Standing[],
  format: WireFormat,
  wall: number,
): HeaderList {
  const headers: [string, string][] = []
  for (const measure of MEASURES) {
    const nearest = nearestOf(rules, standings, measure)
    const rule = rules[nearest]
    const standing = standings[nearest]
    if (rule === undefined || standing === undefined) continue
    const isAnthropic = format === 'anthropic'
    const [limit, remaining, reset] = (isAnthropic ? ANTHROPIC : OPENAI)[measure]
    const resetAt = standing.resetAt ?? wall
    headers.push(
      [limit, String(rule.limit)],
      [remaining, String(Math.max(0, rule.limit - standing.used))],
      [reset, isAnthropic ? instant(resetAt) : `${Math.max(0, Math.ceil((resetAt - wall) / 1000))}s`],
    )
  }
  return headers
}

/** The position of the one whose share that is left is smallest; -1 when there is none. */
function nearestOf(rules: readonly LimitRule[], standings: readonly Standing[], measure: LimitRule['measure']): number {
  let nearest = -1
  let least = Infinity
  for (let index = 0; index < rules.length; index++) {
    const { measure: counted, limit } = rules[index]!
    if (counted !== measure) continue
    const left = (limit - (standings[index]?.used ?? 0)) / limit
    if (left >= least) continue
    nearest = index
    least = left
  }
  return nearest
}

/** RFC 3339, in whole seconds. */
const instant = (wall: number): string => new Date(Math.ceil(wall / 1000) * 1000).toISOString().replace('.000Z', 'Z')
