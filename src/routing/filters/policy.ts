import type { Rejection } from '../../ir/decision.ts'
import type { Asked } from '../asked.ts'
import { blendedPrice, type Candidate } from '../candidate.ts'
import type { HardFilter } from './filter.types.ts'

/** Tags that policy forbids, or that a candidate must have and has not. */
export const lanes: HardFilter = {
  applies: ({ deniedLanes, route }) => deniedLanes.length > 0 || route.selection.lanes.require.length > 0,
  refuses: (candidate, asked) => deniedLane(candidate, asked) !== undefined || missingLane(candidate, asked) !== undefined,
  reject: (candidate, asked): Rejection => {
    const { target, facts } = candidate
    const denied = deniedLane(candidate, asked)
    return {
      target_id: target.id,
      code: 'lane_not_allowed',
      reason:
        denied === undefined
          ? `policy: only the \`${missingLane(candidate, asked)}\` lane is allowed`
          : `policy: \`${denied}\` lane not allowed`,
      evidence: { tags: facts.tags },
    }
  },
}

const deniedLane = ({ facts }: Candidate, { deniedLanes }: Asked): string | undefined =>
  deniedLanes.find((lane) => facts.tags.includes(lane))

const missingLane = ({ facts }: Candidate, { route }: Asked): string | undefined =>
  route.selection.lanes.require.find((lane) => !facts.tags.includes(lane))

/** The lowest ceiling of server, route and client; and what to do without a price. */
export const price: HardFilter = {
  applies: ({ maxPrice, unknownPrice }) => maxPrice !== undefined || unknownPrice === 'reject',
  refuses: (candidate, { question, maxPrice, unknownPrice }) => {
    const value = blendedPrice(candidate, question)
    return value === undefined ? unknownPrice === 'reject' : maxPrice !== undefined && value > maxPrice
  },
  reject: (candidate, { question, maxPrice }): Rejection => {
    const { target, facts } = candidate
    const ceiling = maxPrice === undefined ? {} : { max_per_mtok_usd: dollars(maxPrice) }
    const value = blendedPrice(candidate, question)
    if (value === undefined)
      return {
        target_id: target.id,
        code: 'price_unknown',
        reason: 'its price is not known and `cost_unknown: reject` refuses such targets',
        ...(maxPrice === undefined ? {} : { evidence: ceiling }),
      }
    return {
      target_id: target.id,
      code: 'price_too_high',
      reason: `blended price $${dollars(value)}/Mtok is over the ceiling of $${dollars(maxPrice ?? 0)}/Mtok`,
      evidence: {
        blended_per_mtok_usd: dollars(value),
        ...ceiling,
        ...(facts.price?.contextTiers.length === 0 ? {} : { estimated_input_tokens: question.estimatedInputTokens }),
        price_source: facts.price?.source,
      },
    }
  },
}

const dollars = (nanos: number): number => nanos / 1e9
