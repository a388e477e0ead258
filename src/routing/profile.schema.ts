import { z } from 'zod'
import { nonEmpty } from '../lib/config-fields.ts'
import type { FactorName } from '../ir/routing-policy.ts'

const weight = (what: string): z.ZodOptional<z.ZodNumber> =>
  z.number('a number').min(0, 'at least 0').max(1000, 'at most 1000').describe(what).optional()

/** A factor without a weight here does not type-check. */
const weights = {
  selection_rank: weight('Place in the list of targets.'),
  health: weight('Whether it can be called, and does well.'),
  account_availability: weight('Share of its accounts that can be used.'),
  cost: weight('What the request would probably cost.'),
  latency: weight('Time of whole answers.'),
  ttft: weight('Time to the first token.'),
  task_fit: weight('Made for code, by tags or name.'),
  context_fit: weight('Size of the context window.'),
  outcome_health: weight('How calls ended. Default: `server.scorecard.score_weight`.'),
} satisfies Record<FactorName, z.ZodType>

/** One entry of `profiles`: a score of the operator's own. */
export const profileSchema = z
  .strictObject({
    name: nonEmpty()
      .regex(/^auto\/[A-Za-z0-9._-]+$/, 'a name that begins with `auto/`')
      .describe('Name of the profile, as strategy of a route and as model name. One of a built-in profile takes its place.'),
    weights: z.strictObject(weights).prefault({}).describe('What counts how much; what is left out does not count.'),
    deny_lanes: z.array(nonEmpty()).default([]).describe('Tags a target must not have.'),
  })
  .describe('A score of your own for putting targets in order.')

export type ProfileConfig = z.output<typeof profileSchema>
