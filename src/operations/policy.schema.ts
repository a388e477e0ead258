import { z } from 'zod'
import { ERROR_TABLE, type ErrorCode } from '../errors/codes.ts'
import type { RejectionCode } from '../ir/decision.ts'
import { FEATURES } from '../ir/feature.ts'
import { WIRE_FORMATS } from '../ir/wire-format.ts'
import { nonEmpty, positive, share } from '../lib/config-fields.ts'
import { targetName } from '../routing/route.schema.ts'

/** Names a person uses for what a request needs, with a feature that stands for each. */
export const NEED_FEATURES = {
  tools: 'tools.name',
  hosted_tools: 'tools.hosted',
  json_schema: 'response_format.json_schema',
  vision: 'part.image_base64',
  vision_inline: 'part.image_base64',
  vision_url: 'part.image_url',
  vision_file: 'part.image_file',
  audio: 'part.audio',
  file: 'part.document_base64',
  reasoning: 'reasoning.effort',
} as const

const REJECTION_CODES = Object.keys({
  unknown_model: true,
  unknown_provider: true,
  no_accounts: true,
  disabled: true,
  over_limit: true,
  provider_not_allowed: true,
  account_not_allowed: true,
  state_elsewhere: true,
  endpoint_unsupported: true,
  translation_loss: true,
  streaming_unsupported: true,
  tools_unsupported: true,
  parallel_tools_unsupported: true,
  json_schema_unsupported: true,
  vision_unsupported: true,
  vision_source_unsupported: true,
  audio_unsupported: true,
  file_unsupported: true,
  hosted_tools_unsupported: true,
  reasoning_unsupported: true,
  image_out_unsupported: true,
  format_not_allowed: true,
  context_window_too_small: true,
  context_window_unknown: true,
  output_limit_too_small: true,
  lane_not_allowed: true,
  price_too_high: true,
  price_unknown: true,
  not_certified: true,
} satisfies Record<RejectionCode, true>)

const count = () => z.int('a whole number').min(0, 'at least 0')
const time = () => z.number('a number of milliseconds').min(0, 'at least 0 ms')
const dollars = () => z.number('a price in US dollars').positive('more than 0')
const texts = () => z.record(nonEmpty(), z.string('text'))
const target = () => targetName().describe('A model at a provider, as `provider/model`.')

const principal = z.strictObject({
  role: z.enum(['client', 'operator', 'admin']).default('client').describe('Role of the key. Default: client.'),
  key: nonEmpty().optional().describe('Name of the key, as `api_keys[].prefix` gives it.'),
  tenant: nonEmpty().optional().describe('Tenant of the key.'),
  project: nonEmpty().optional().describe('Project of the key.'),
  allowed: z
    .strictObject({
      models: z.array(nonEmpty()).optional().describe('Model names the key may ask for; `*` stands for any text.'),
      routes: z.array(nonEmpty()).optional().describe('Routes the key may use.'),
      providers: z.array(nonEmpty()).optional().describe('Providers the key may use.'),
    })
    .optional()
    .describe('What the key is confined to. Default: nothing.'),
})

const hints = z.strictObject({
  models: z
    .array(nonEmpty())
    .min(1, 'at least one model')
    .max(16, 'at most 16 models')
    .optional()
    .describe('As x-switchback-models.'),
  max_price: dollars().optional().describe('US dollars for a million input and a million output tokens together.'),
  latency: z.enum(['interactive', 'batch']).optional().describe('As x-switchback-latency.'),
  no_fallback: z.boolean().optional().describe('Only the first choice may serve.'),
  deadline_ms: positive().optional().describe('As x-switchback-deadline-ms.'),
  strategy: nonEmpty().optional().describe('As x-switchback-strategy.'),
})

const request = z
  .strictObject({
    model: nonEmpty().optional().describe('The model the client asks for.'),
    body: z.record(z.string(), z.unknown()).optional().describe("A client's body, in any of the formats."),
    format: z.enum(WIRE_FORMATS).optional().describe('Format the client speaks. Default: openai, or what the body looks like.'),
    stream: z.boolean().optional().describe('Whether the answer is to be streamed.'),
    tools: z.boolean().optional().describe('The request offers tools.'),
    features: z
      .array(z.enum([...Object.keys(NEED_FEATURES), 'parallel_tools', 'streaming', ...FEATURES]))
      .optional()
      .describe('What else the request uses: needs such as `vision`, or features of the translation table.'),
    tokens: count().optional().describe('Size of the prompt in tokens. Default: 100, or estimated from the body.'),
    max_output_tokens: positive().optional().describe('Longest answer asked for, in tokens.'),
    headers: z
      .record(
        nonEmpty().regex(
          /^(?!x-switchback-(models|max-price|latency|no-fallback|deadline-ms|strategy)$)/i,
          'no header of a hint: write it under `hints`',
        ),
        z.string('text'),
      )
      .optional()
      .describe('Request headers, for conditions of routes.'),
    metadata: texts().optional().describe("Entries of the request's metadata, for conditions of routes."),
    client: nonEmpty().optional().describe('Family of the client. Default: by the user-agent header.'),
    principal: principal.optional().describe('Who is calling. Default: an admin.'),
    session: z
      .strictObject({ target: target(), account: nonEmpty().optional().describe('Account that served.') })
      .optional()
      .describe('Who served the session before.'),
    origin: z
      .strictObject({ target: target(), account: nonEmpty().describe('Account that served.') })
      .optional()
      .describe('Who gave the answer that the request continues by its id.'),
    hints: hints.optional().describe('What the client asks of routing.'),
  })
  .refine(({ model, body }) => model !== undefined || body !== undefined, 'a request with a `model`, or with a `body`')

const observation = z.strictObject({
  accounts_available: count().optional().describe('Accounts that can be used now. Default: as many as there are.'),
  accounts_total: count().optional().describe('Accounts there are. Default: 1.'),
  circuit: z.enum(['closed', 'open', 'half_open']).optional().describe('State of the circuit breaker. Default: closed.'),
  recovery_ms: time().optional().describe('Until the first account or the circuit lets a call through.'),
  in_flight: count().optional().describe('Calls under way. Default: 0.'),
  max_concurrency: positive().optional().describe('Most calls at once.'),
  ttft_ms: time().optional().describe('Moving average to the first token of streams.'),
  total_ms: time().optional().describe('Moving average of whole answers.'),
  demoted: z.enum(['truncation', 'streak', 'success']).optional().describe('Why outcomes set it behind the others.'),
  success_rate: share().optional().describe('Share of good answers lately. Default: 1, or 0.5 when demoted.'),
  samples: count().optional().describe('Calls that the outcome figures rest on. Default: 20 when one of them is given.'),
  disabled: z.enum(['provider', 'model']).optional().describe('What an operator has taken out of use.'),
})

const expectation = z
  .strictObject({
    selected: target().nullable().optional().describe('First choice; `null` for nobody.'),
    not_selected: z
      .union([target(), z.array(target())], 'a target, or a list of them')
      .optional()
      .describe('Never the first choice.'),
    fallbacks: z.array(target()).optional().describe('Who stands behind the first choice, in order.'),
    route: nonEmpty().optional().describe('Name of the route, as decisions show it.'),
    strategy: nonEmpty().optional().describe('Name of the strategy.'),
    rejected: z
      .record(targetName(), z.enum(REJECTION_CODES))
      .optional()
      .describe('Who is ruled out, and by which code. Others may be as well.'),
    error: z
      .enum(Object.keys(ERROR_TABLE) as [ErrorCode, ...ErrorCode[]])
      .optional()
      .describe('Code of the refusal, such as model_not_found.'),
    max_price: dollars()
      .optional()
      .describe('The first choice costs at most this, in US dollars for a million input and a million output tokens together.'),
  })
  .refine(
    (expected) => Object.values(expected).some((value) => value !== undefined),
    'at least one expectation, such as `selected`',
  )

const policyTest = z.strictObject({
  name: nonEmpty().max(200, 'at most 200 characters').describe('What the policy promises, as a sentence.'),
  request: request.describe('The call to decide on.'),
  observed: z.record(targetName(), observation).optional().describe('What is observed of targets; the others are well.'),
  seed: z
    .int('a whole number')
    .min(0, 'at least 0')
    .max(0xffffffff, 'at most 4294967295')
    .default(1)
    .describe('Stands for chance. Default: 1.'),
  turn: count().default(0).describe('How many calls the route has served in turns. Default: 0.'),
  expect: expectation.describe('What the decision must be.'),
})

/** A file of policy tests. */
export const policyFileSchema = z.strictObject({
  tests: z
    .array(policyTest)
    .min(1, 'at least one test')
    .max(10_000, 'at most 10000 tests')
    .describe('Requests and the decisions they must get.'),
})

export type PolicyTest = z.output<typeof policyTest>
export type PolicyRequest = PolicyTest['request']
export type PolicyObservation = z.output<typeof observation>
