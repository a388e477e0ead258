import { z } from 'zod'
import { nonEmpty } from '../lib/config-fields.ts'
import { FACTOR_NAMES } from '../ir/routing-policy.ts'

const weight = z.number('a number').min(0, 'at least 0').max(1000, 'at most 1000')

/** One entry of `profiles`: a score of the operator's own. */
export const profileSchema = z
  .strictObject({
    name: nonEmpty()
      .regex(/^auto\/[A-Za-z0-9._-]+$/, 'a name that begins with `auto/`')
      .describe('Name of the profile, as strategy of a route and as model name. One of a built-in profile takes its place.'),
    weights: z
      .partialRecord(z.enum(FACTOR_NAMES), weight)
      .default({})
      .describe(`What counts how much. Factors: ${FACTOR_NAMES.join(', ')}.`),
    deny_lanes: z.array(nonEmpty()).default([]).describe('Tags a target must not have.'),
  })
  .describe('A score of your own for putting targets in order.')

export type ProfileConfig = z.output<typeof profileSchema>
