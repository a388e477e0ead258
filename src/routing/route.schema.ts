import { z } from 'zod'
import { REQUEST_NEEDS } from '../ir/need.ts'
import { VISION_SOURCES } from '../ir/snapshot.ts'
import { hedgeFields, retryFields } from '../lib/resilience-fields.ts'
import { answerSchema, nonEmpty, positive, timeoutFields, translationPolicy } from '../lib/config-fields.ts'

/** `provider/model`; the model may hold further slashes. */
export const targetName = (): z.ZodString =>
  z.string().regex(/^[^/\s]+\/\S+$/, '`provider/model`, for example openai/gpt-4.1-mini')

const target = targetName().describe('A model at a provider, as `provider/model`; the model may hold further slashes.')

/** One text or several, any of which will do. */
const oneOrMore = () => z.union([nonEmpty(), z.array(nonEmpty()).meta({ minItems: 1 })], 'a text, or a list of texts')

const matchConditions = {
  headers: z
    .record(nonEmpty(), oneOrMore())
    .optional()
    .describe('Request headers and the values they must have; `*` stands for any text. Several values: one of them.'),
  metadata: z
    .record(nonEmpty(), oneOrMore())
    .optional()
    .describe("Entries of the request's `metadata` and the values they must have, as with `headers`."),
  principal: z
    .strictObject({
      key: oneOrMore().optional().describe('Names of API keys (`api_keys[].prefix`).'),
      tenant: oneOrMore().optional().describe('Tenants.'),
      project: oneOrMore().optional().describe('Projects.'),
      role: oneOrMore().optional().describe('Roles: client, operator, admin.'),
    })
    .optional()
    .describe('Who must be calling.'),
  client: oneOrMore()
    .optional()
    .describe('Family of the client by its user agent: claude-code, codex, gemini-cli, opencode, openai, anthropic, curl …'),
  features: z
    .array(z.enum(REQUEST_NEEDS))
    .optional()
    .describe('What the request must use, all of it: tools, vision, streaming, reasoning …'),
}

/** What targets must offer, whatever the request asks for. */
export const requirements = z
  .strictObject({
    min_context_tokens: positive().optional().describe('Smallest context window a target must have, where it is known.'),
    streaming: z.boolean().default(false).describe('Targets that cannot stream are refused.'),
    tool_calling: z.boolean().default(false).describe('Targets that cannot call tools are refused.'),
    parallel_tool_calls: z.boolean().default(false).describe('Targets that make one tool call at a time are refused.'),
    server_tools: z.boolean().default(false).describe('Targets without tools of their own (web search …) are refused.'),
    server_tool_protocols: z
      .array(z.enum(['openai_responses', 'open_ai_responses', 'anthropic', 'gemini']))
      .default([])
      .describe('Formats of which a target must speak one. Default: any.'),
    vision_in: z.boolean().default(false).describe('Targets that do not see images are refused.'),
    vision_sources: z
      .array(z.enum(VISION_SOURCES))
      .default([])
      .describe('Ways in which a target must take images, where it says which it takes.'),
    audio_in: z.boolean().default(false).describe('Targets that do not hear audio are refused.'),
    file_in: z.boolean().default(false).describe('Targets that do not read documents are refused.'),
    image_out: z.boolean().default(false).describe('Targets that do not make images are refused.'),
    reasoning: z.boolean().default(false).describe('Targets that do not reason are refused.'),
    reasoning_summary: z.boolean().default(false).describe('Targets that give no summaries of their reasoning are refused.'),
    json_schema: z.boolean().default(false).describe('Targets without structured output are refused.'),
    certified: z.boolean().default(false).describe('Only targets that have been certified may serve.'),
  })
  .prefault({})
  .describe('What every target of this route must offer. What is not known of a target passes.')

const lanes = z
  .strictObject({
    deny: z.array(nonEmpty()).default([]).describe('Tags a target must not have, such as free, promo or aggregator.'),
    require: z.array(nonEmpty()).default([]).describe('Tags a target must have, such as private.'),
  })
  .prefault({})
  .describe('Which targets may serve, by the tags of `providers[].tags` and `model_tags`.')

const weight = z.number('a number').min(0, 'at least 0').max(1e6, 'at most 1000000')

/** One entry of `routes`: a model name and where it leads. */
export const routeSchema = z
  .strictObject({
    name: nonEmpty().describe('Name of the route in decisions and records.'),
    match: z
      .strictObject({
        model: nonEmpty().describe(
          'Model name the route answers to; `*` in it stands for any text (`claude-*`). `*` alone takes every name nothing else knows.',
        ),
        ...matchConditions,
      })
      .describe('Which requests take this route.'),
    aliases: z.array(nonEmpty()).default([]).describe('Further model names or patterns the route answers to.'),
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
        ...retryFields,
      })
      .prefault({})
      .describe('Retries that differ from `server.retry`.'),
    strict_schema_downlevel: z.boolean().optional().describe('As `server.strict_schema_downlevel`, for this route.'),
    answer_schema: answerSchema().optional().describe('As `server.answer_schema`, for this route.'),
    strict_answer_schema: z.boolean().optional().describe('As `server.strict_answer_schema`, for this route.'),
    translation: translationPolicy().optional().describe('As `server.translation`, for this route.'),
    response_model: z
      .enum(['requested', 'served'])
      .default('requested')
      .describe('Model name in answers: the one the client asked for, or the one that served.'),
    strategy: nonEmpty()
      .optional()
      .describe(
        'What puts the targets in order: ordered_fallback, weighted_random, round_robin, least_latency, lowest_cost, least_busy, auto, an `auto/…` profile, or one of `profiles`. Default: as `server.cost_aware` and `latency_aware` say, else ordered_fallback.',
      ),
    weights: z
      .record(targetName(), weight)
      .optional()
      .describe('Weights of targets for `weighted_random`; 1 where nothing is said, 0 for fallback only.'),
    affinity: z
      .enum(['session', 'account', 'none'])
      .optional()
      .describe(
        'With `session` a conversation stays with the target and the account that served it, where its prompt is cached; with `account` targets keep their order, and it stays with the account. Default: `session`, with ordered_fallback `account`.',
      ),
    lanes,
    cost_max_per_mtok: z
      .number('a price in US dollars')
      .positive('more than 0')
      .optional()
      .describe('As `server.cost_max_per_mtok`; the lower of the two counts.'),
    cost_unknown: z.enum(['allow', 'penalize', 'reject']).optional().describe('As `server.cost_unknown`.'),
    context_unknown: z.enum(['allow', 'reject']).optional().describe('As `server.context_unknown`.'),
    hedge: z.strictObject(hedgeFields).prefault({}).describe('Hedging that differs from `server.hedge`.'),
    require: requirements,
  })
  .describe('A model name and where it leads.')

export type RouteConfig = z.output<typeof routeSchema>
