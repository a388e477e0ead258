import { z } from 'zod'
import { nonEmpty, positive, timeoutFields, translationPolicy } from '../lib/config-fields.ts'

const target = z
  .string()
  .regex(/^[^/\s]+\/\S+$/, '`provider/model`, for example openai/gpt-4.1-mini')
  .describe('A model at a provider, as `provider/model`; the model may hold further slashes.')

/** One entry of `routes`: a model name and where it leads. */
export const routeSchema = z
  .strictObject({
    name: nonEmpty().describe('Name of the route in decisions and records.'),
    match: z
      .strictObject({ model: nonEmpty().describe('Model name the route answers to, or `*` for every name nothing else knows.') })
      .describe('Which requests take this route.'),
    aliases: z.array(nonEmpty()).default([]).describe('Further model names the route answers to.'),
    targets: z
      .array(target)
      .meta({ minItems: 1 })
      .describe('Where requests go: the first is tried first, the others are fallbacks.'),
    timeouts: z.strictObject(timeoutFields).prefault({}).describe('Time limits that differ from `server.timeouts`.'),
    retry: z
      .strictObject({
        max_retries: z
          .int('a whole number')
          .min(0, 'at least 0')
          .max(10, 'at most 10')
          .optional()
          .describe('As `server.retry.max_retries`.'),
      })
      .prefault({})
      .describe('Retries that differ from `server.retry`.'),
    translation: translationPolicy().optional().describe('As `server.translation`, for this route.'),
    response_model: z
      .enum(['requested', 'served'])
      .default('requested')
      .describe('Model name in answers: the one the client asked for, or the one that served.'),
    require: z
      .strictObject({
        min_context_tokens: positive().optional().describe('Smallest context window a target must have, where it is known.'),
      })
      .prefault({})
      .describe('What every target of this route must offer.'),
  })
  .describe('A model name and where it leads.')

export type RouteConfig = z.output<typeof routeSchema>
