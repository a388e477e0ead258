import { z } from 'zod'
import type { WireQuirks } from '../codecs/codec.ts'
import { OFFERS } from '../ir/endpoint.ts'
import { VISION_SOURCES } from '../ir/snapshot.ts'
import { WIRE_FORMATS } from '../ir/wire-format.ts'
import { budget, placeLimits } from '../lib/limit-fields.ts'
import {
  environmentName,
  identifier,
  keyFileField,
  keyVariableFields,
  nonEmpty,
  pause,
  positive,
  secretText,
  upstreamAddress,
  vaultName,
} from '../lib/config-fields.ts'
import { accountAuth } from './account-auth.schema.ts'

/** Models the mock provider always has; `mock/fail-<status>` works for every HTTP error status. */
export const MOCK_MODEL_NAMES = ['echo', 'tool', 'reasoning', 'slow', 'flaky', 'cut', 'fail-503'] as const

const headerName = (): z.ZodString => z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'a header name')

const authScheme = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('none').describe('Send no credential.') }),
    z.strictObject({ kind: z.literal('bearer').describe('Send `Authorization: Bearer <key>`.') }),
    z.strictObject({
      kind: z.literal('header').describe('Send the key in a header.'),
      name: headerName().describe('Name of the header.'),
    }),
    z.strictObject({
      kind: z.literal('query').describe('Send the key in the query string.'),
      name: nonEmpty().describe('Name of the parameter.'),
    }),
  ])
  .describe('How the key is sent: `{kind: none}`, `{kind: bearer}`, `{kind: header, name: …}` or `{kind: query, name: …}`.')

const account = z
  .strictObject({
    id: identifier().describe('Name of the account, unique within the provider.'),
    auth: accountAuth.optional(),
    api_key: secretText().optional().describe('Short form of `auth.inline`.'),
    api_key_vault: vaultName('the key of this account').optional(),
    ...keyVariableFields('the key of this account'),
    egress: nonEmpty().optional().describe('Way out, of `egress`, for calls with this account. Default: that of the provider.'),
    ...keyFileField('the key of this account'),
    priority: z.int('a whole number').default(0).describe('Accounts with a lower number are used first.'),
    limits: placeLimits.describe('Limits of the calls with this account.'),
    budget: budget.describe('What may be spent with this account. One over its budget is passed over.'),
  })
  .describe('One credential of the provider; several let one stand in for another.')

const capabilities = z
  .strictObject({
    streaming: z.boolean().optional().describe('Answers can be streamed.'),
    tool_calling: z.boolean().optional().describe('Tools can be called.'),
    parallel_tool_calls: z.boolean().optional().describe('Several tools can be called in one turn.'),
    json_schema: z.boolean().optional().describe('Structured output by JSON Schema.'),
    vision_in: z.boolean().optional().describe('Images are understood.'),
    audio_in: z.boolean().optional().describe('Audio is understood.'),
    file_in: z.boolean().optional().describe('Documents are understood.'),
    server_tools: z.boolean().optional().describe('The provider runs tools of its own, such as web search.'),
    reasoning: z.boolean().optional().describe('The models reason before they answer.'),
    reasoning_summary: z.boolean().optional().describe('Summaries of the reasoning can be had.'),
    image_out: z.boolean().optional().describe('Images can be made.'),
    vision_sources: z
      .array(z.enum(VISION_SOURCES))
      .optional()
      .describe('How images may come: within the request, by address, by a file id of the provider. Default: not known.'),
    max_context_tokens: positive().optional().describe('Size of the context window, in tokens.'),
    max_output_tokens: positive().optional().describe('Most tokens of one answer.'),
  })
  .describe('What the models of this provider can do. What is not said is unknown and lets a request pass.')

/** Every deviation a codec knows, under its name in the file. A missing one does not type-check. */
const quirkFields = {
  max_tokens_field: z.enum(['max_tokens', 'max_completion_tokens']).optional().describe('Chat field that limits the output.'),
  developer_role: z.boolean().optional().describe('The server knows the role `developer`; otherwise it is sent as `system`.'),
  reasoning_field: z
    .enum(['reasoning_content', 'reasoning', 'reasoning_details'])
    .optional()
    .describe('Chat field that takes the reasoning of earlier turns back. Without it none is sent.'),
  stream_usage: z.boolean().optional().describe('The server understands `stream_options.include_usage`. Default: it does.'),
  cache_control: z.boolean().optional().describe('The server takes `cache_control` marks on Chat messages.'),
  custom_tools: z
    .boolean()
    .optional()
    .describe('The server takes free-form Chat tools (`type: custom`); otherwise they are sent as functions.'),
  top_k: z.boolean().optional().describe('The Chat server takes `top_k`.'),
  video_urls: z.boolean().optional().describe('The Chat server takes `video_url` parts. Default: it does.'),
  thought_signatures: z
    .boolean()
    .optional()
    .describe("The Chat server is Google's and takes the signatures of its tool calls back."),
  open_api_schemas: z
    .boolean()
    .optional()
    .describe('The Gemini server knows schemas in its OpenAPI dialect only, and no JSON Schema.'),
  first_party: z
    .boolean()
    .optional()
    .describe("The upstream is the format's own vendor behind another address, so vendor-only fields may go there."),
} as const satisfies Record<SnakeCase<keyof WireQuirks>, z.ZodType>

type SnakeCase<Text extends string> = Text extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${SnakeCase<Rest>}`
    : `_${Lowercase<First>}${SnakeCase<Rest>}`
  : Text

const mockScript = z
  .strictObject({
    name: nonEmpty().describe('Name of the model, called as `<provider>/<name>`.'),
    text: z.string().optional().describe('Text of the answer. Default: an echo of the last user text.'),
    reasoning: z.string().optional().describe('Reasoning before the answer.'),
    tool: z
      .strictObject({
        name: nonEmpty().describe('Name of the tool.'),
        arguments: z.record(z.string(), z.unknown()).default({}).describe('Arguments of the call.'),
      })
      .optional()
      .describe('A tool call instead of the text.'),
    fail_status: z
      .int('a whole number')
      .min(400, 'an HTTP error status')
      .max(599, 'an HTTP error status')
      .optional()
      .describe('Status of the failure.'),
    fail_times: positive()
      .optional()
      .describe('Fail this many calls, then serve. Without it every call fails when `fail_status` is set.'),
    delay_ms: pause().optional().describe('Pause before the first piece.'),
    chunk_delay_ms: pause().optional().describe('Pause between two pieces.'),
    cut_after_chunks: positive().optional().describe('Break the stream off after this many pieces of text.'),
  })
  .describe('A scripted model of a mock provider.')

const models = z
  .array(z.union([nonEmpty(), mockScript], 'a model name, or a mapping with `name`'))
  .default([])
  .describe('Model names to list in `GET /v1/models`. Of a `mock` provider: also scripted models.')

/** Where in a cloud the models are. */
const cloudFields = {
  project: identifier().optional().describe('Of `vertex`: the project.'),
  region: identifier()
    .optional()
    .describe(
      'Of `vertex`: where the models run, such as `europe-west1`, `us`, `eu` or `global`. Of `bedrock`: the region of AWS; default: that in `base_url`, else AWS_REGION or AWS_DEFAULT_REGION.',
    ),
  resource: identifier().optional().describe('Of `azure`: name of the resource, the first part of its address.'),
  api_version: nonEmpty()
    .optional()
    .describe(
      'Of `azure`: a dated version, such as `2024-10-21`, for the older addresses of deployments. Without it the v1 surface is called.',
    ),
}

/** What `bedrock` signs with where it has no accounts. */
const awsKeyFields = {
  access_key_env: environmentName()
    .optional()
    .describe('Name of the environment variable with the access key id, for `bedrock` without accounts.'),
  secret_key_env: environmentName()
    .optional()
    .describe('Name of the environment variable with the secret access key, for `bedrock` without accounts.'),
  session_token_env: environmentName()
    .optional()
    .describe('Name of the environment variable with the session token, for `bedrock` without accounts.'),
}

/** One entry of `providers`: an upstream, and the accounts to use it with. */
export const providerSchema = z
  .strictObject({
    id: identifier()
      .refine((id) => id !== 'combo' && id !== 'auto', 'another name: `combo` and `auto` are reserved')
      .describe('Name of the provider; the part before the slash in targets.'),
    type: z
      .enum(['mock', 'openai_compatible', 'openai', 'anthropic', 'gemini', 'vertex', 'azure', 'bedrock'])
      .describe(
        '`mock` needs no network; `openai`, `anthropic` and `gemini` know their own addresses; `vertex` needs `project` and `region`, `azure` needs `resource`, `bedrock` needs `region`, `openai_compatible` needs `base_url`.',
      ),
    format: z
      .enum([
        ...(WIRE_FORMATS as readonly ['openai', 'responses', 'anthropic', 'gemini', 'bedrock_converse']),
        'bedrock_anthropic',
        'auto',
      ])
      .optional()
      .describe(
        'What the upstream speaks: Chat Completions (`openai`), Responses, Messages (`anthropic`), `gemini`, or of Bedrock `bedrock_converse` or, for models of Claude, `bedrock_anthropic`; `auto` finds out by small calls. Default: `anthropic` and `gemini` for these types, `gemini` for `vertex`, `bedrock_converse` for `bedrock`, `openai` for the others.',
      ),
    base_url: upstreamAddress()
      .optional()
      .describe(
        'Address of the upstream; of Chat and Responses ones with its `/v1`. Default: the address of the vendor named by `type`.',
      ),
    ...cloudFields,
    ...awsKeyFields,
    api_key: secretText().optional().describe('Key for accounts without one of their own. Better named by `api_key_env`.'),
    api_key_vault: vaultName('the key').optional(),
    ...keyVariableFields('the key'),
    ...keyFileField('the key'),
    auth_scheme: authScheme.optional(),
    accounts: z.array(account).default([]).describe('Credentials. Default: one account `default` with the key of the provider.'),
    egress: nonEmpty()
      .optional()
      .describe('Way out, of `egress`, for calls to this provider; `direct` for none. Default: `server.default_egress`.'),
    allow_private: z
      .boolean()
      .default(false)
      .describe('May be on this machine or a private network although `server.block_private_networks` is set.'),
    ca_file: nonEmpty()
      .optional()
      .describe(
        'PEM file with certificates to trust for this upstream beside the public ones. Relative paths start at the configuration file.',
      ),
    selection: z
      .enum(['fill_first', 'round_robin'])
      .default('fill_first')
      .describe('`fill_first` uses accounts in the order of their priority; with `round_robin` they take turns.'),
    sticky: positive().default(1).describe('Calls in a row that one account serves before its turn ends, with `round_robin`.'),
    max_concurrency: positive().nullable().default(null).describe('Most calls at once to each model; `null` for no limit.'),
    limits: placeLimits.describe('Limits of all calls to this provider together.'),
    budget: budget.describe('What may be spent at this provider. One over its budget is passed over.'),
    tags: z
      .array(nonEmpty())
      .default([])
      .describe('Lanes of all its models (free, promo, aggregator, private) and what they are made for (coding).'),
    model_tags: z.record(nonEmpty(), z.array(nonEmpty())).default({}).describe('Further tags of single models, by model name.'),
    capabilities: capabilities.prefault({}),
    endpoints: z
      .array(z.enum(OFFERS))
      .optional()
      .describe(
        'What the upstream offers beside answers; what is not listed is closed. `token_embeddings` are embeddings of token numbers instead of text, `passthrough` is any address of it. Default: what is known of the vendor, else everything its format has.',
      ),
    quirks: z.strictObject(quirkFields).prefault({}).describe('How the upstream deviates from its format.'),
    headers: z
      .record(headerName(), z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'text without line breaks'))
      .default({})
      .describe('Headers to send with every request. Credentials belong into accounts.'),
    models,
    model_hint: nonEmpty().optional().describe('A model to try in diagnostics. Not used for routing.'),
  })
  .describe('An upstream and the accounts to use it with.')

export type ProviderConfig = z.output<typeof providerSchema>
export type AccountConfig = z.output<typeof account>
export type MockScriptConfig = z.output<typeof mockScript>
