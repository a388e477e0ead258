import { isIP } from 'node:net'
import { z } from 'zod'
import {
  httpAddress,
  keyVariableFields,
  milliseconds,
  nonEmpty,
  pause,
  positive,
  secretText,
  translationPolicy,
  answerSchema,
} from '../lib/config-fields.ts'
import { budget, callerLimits, placeLimits, serverBudget } from '../lib/limit-fields.ts'
import { mediaSchema } from '../engine/media/media.schema.ts'
import { parseBind } from './bind-address.schema.ts'
import { policyFields, resilienceFields } from './server-routing.schema.ts'

const bind = z
  .string()
  .refine((text) => parseBind(text) !== undefined, 'a host and port such as 127.0.0.1:8765 or [::1]:8765')
  .default('127.0.0.1:8765')
  .describe('Host and port to listen on; port 0 takes any free one. Anything but loopback needs a key, see `allow_open_admin`.')

const timeouts = z
  .strictObject({
    connect_ms: milliseconds().default(10_000).describe('Longest wait for a connection to an upstream.'),
    read_ms: milliseconds().default(300_000).describe('Longest silence between two pieces of an upstream answer.'),
    first_token_ms: milliseconds().default(120_000).describe('Longest wait for the first piece of an upstream answer.'),
    total_ms: milliseconds().nullable().default(null).describe('Longest duration of a whole attempt; `null` for no limit.'),
  })
  .prefault({})
  .describe('Time limits of upstream calls, in milliseconds. Routes can override them.')

const stream = z
  .strictObject({
    commit_after_ms: milliseconds()
      .default(15_000)
      .describe('After this long without content the client gets status 200 and a comment, so that proxies keep the line open.'),
    ping_ms: milliseconds().default(15_000).describe('Silence after which a client stream gets a keep-alive.'),
    hold_bytes: positive()
      .default(262_144)
      .describe('Most bytes of an answer held back before its first content; fallback is possible until then.'),
  })
  .prefault({})
  .describe('How answers are streamed to clients.')

const tls = z
  .strictObject({
    cert_file: nonEmpty().describe('PEM file with the certificate chain. Relative paths start at the configuration file.'),
    key_file: nonEmpty().describe('PEM file with the private key. Relative paths start at the configuration file.'),
  })
  .optional()
  .describe('Serve HTTPS. Without it the gateway speaks plain HTTP.')

const cors = z
  .strictObject({
    origins: z
      .array(z.string().refine(isOrigin, 'an origin such as https://app.example.com, without a path'))
      .default([])
      .describe('Web origins whose pages may call the gateway. `*` is not accepted: list them.'),
  })
  .prefault({})
  .describe('Which web pages may call the gateway. Default: none.')

/** `server.*` of the configuration. */
export const serverSchema = z.strictObject({
  bind,
  api_key: secretText().optional().describe('One key that admits everything. Better named by `api_key_env` than written here.'),
  ...keyVariableFields('the key of `api_key`'),
  timeouts,
  max_request_bytes: positive()
    .nullable()
    .default(67_108_864)
    .describe('Largest request body after decompression; `null` for no limit.'),
  max_response_bytes: positive()
    .nullable()
    .default(134_217_728)
    .describe('Largest answer of an upstream that is not streamed; `null` for no limit.'),
  max_buffered_bytes: positive()
    .nullable()
    .default(1_073_741_824)
    .describe('Most bytes of large bodies, requests and answers together, held in memory at once; `null` for no limit.'),
  max_json_depth: positive().max(10_000, 'at most 10000').default(200).describe('Deepest nesting of a JSON body.'),
  max_json_nodes: positive().default(1_000_000).describe('Most values in a JSON body.'),
  stream,
  media: mediaSchema,
  shutdown: z
    .strictObject({ drain_ms: pause().default(30_000).describe('How long running requests may finish after SIGTERM.') })
    .prefault({})
    .describe('How the gateway stops.'),
  workers: positive()
    .max(64, 'at most 64')
    .default(1)
    .describe(
      'Processes that serve on the same address. More than one needs `state.store: postgres://…` and `state.coordination: redis://…`.',
    ),
  trusted_proxies: z
    .array(z.string().refine(isAddressOrNetwork, 'an IP address or a network such as 10.0.0.0/8'))
    .default([])
    .describe('Addresses of reverse proxies whose X-Forwarded-* headers are believed.'),
  public_url: httpAddress()
    .optional()
    .describe('Address under which clients reach the gateway; its host is then accepted, and shown in the banner.'),
  base_path: z
    .string()
    .regex(/^(\/|(\/[A-Za-z0-9._~-]+)+\/?)?$/, 'a path such as /gateway')
    .default('')
    .describe('Path prefix of every route, for a reverse proxy that does not strip it.'),
  tls,
  cors,
  allow_open_admin: z
    .boolean()
    .default(false)
    .describe('Serve without any key on an address that is not loopback. Everybody who reaches it is an admin.'),
  block_private_networks: z
    .boolean()
    .optional()
    .describe(
      'Call providers on the public internet only: addresses of this machine, of private networks and of cloud metadata are refused, also behind a name. `providers[].allow_private` makes exceptions. Default `false`; a gateway that others reach asks at its start for one or the other.',
    ),
  egress_enabled: z
    .boolean()
    .default(true)
    .describe(
      '`false` stops everything that would leave this machine, at once and with a clear error: calls, webhooks, exports.',
    ),
  default_egress: nonEmpty()
    .optional()
    .describe('Way out, of `egress`, for providers and accounts that name none; `direct` for none.'),
  default_provider: nonEmpty()
    .optional()
    .describe('Provider that takes models no route knows. The model name is handed on unchecked.'),
  max_concurrency: positive()
    .nullable()
    .default(null)
    .describe('Most calls under way at once. Further ones wait in turn, see `admission_timeout_ms`; `null` for no limit.'),
  admission_timeout_ms: pause()
    .default(10_000)
    .describe('Longest wait for a place of `max_concurrency`; the tenant with the fewest calls under way is served first.'),
  admission_queue: positive().default(10_000).describe('Most calls that wait for a place at once; further ones are refused.'),
  idempotency: z
    .strictObject({
      inflight_ttl_ms: milliseconds()
        .min(120_000, 'at least 120000 ms')
        .default(600_000)
        .describe('How long a call holds its `Idempotency-Key` when its process is gone. Calls under way renew it.'),
      ttl_secs: positive()
        .max(31_536_000, 'at most 31536000 s')
        .default(86_400)
        .describe('How long a key is remembered after its last use, so that it cannot mean another body.'),
      max_keys: positive()
        .max(10_000_000, 'at most 10000000')
        .default(100_000)
        .describe(
          'Most keys remembered by one gateway; of more, those without a call under way are forgotten first. In Redis `ttl_secs` alone bounds them.',
        ),
      persist_response_bodies: z
        .boolean()
        .default(false)
        .describe(
          'Keep whole answers up to 1 MiB, so that the same call gets its answer again instead of being made again. They are encrypted with a key made of the `Idempotency-Key` and the body, which the gateway does not keep, and lie in memory, or in Redis where gateways share one. Streams are never kept.',
        ),
    })
    .prefault({})
    .describe('Calls with an `Idempotency-Key` header happen once at a time; a second one is refused with 409.'),
  limits: placeLimits.describe('Limits of all calls together.'),
  budget: serverBudget,
  ...policyFields,
  ...resilienceFields,
  strict_schema_downlevel: z
    .boolean()
    .default(false)
    .describe(
      'Refuse targets that know a constraint of a JSON Schema in words only. Otherwise it is moved into the description, where a model still reads it, and reported.',
    ),
  answer_schema: answerSchema()
    .default('off')
    .describe(
      'Compare answers with the JSON Schemas that the client sent, of the answer and of the arguments of its tools: `off`, `downleveled` (where the translation left a constraint to the good will of the model), or `always`. Records tell what does not fit, whole answers say so in `x-switchback-schema`.',
    ),
  strict_answer_schema: z
    .boolean()
    .default(false)
    .describe(
      'Refuse answers that do not fit: the next target is asked. A stream, which has begun, ends with an error in place of its end.',
    ),
  translation: translationPolicy()
    .default('warn')
    .describe(
      'When an upstream format cannot carry a part of a request: `allow` says nothing, `warn` reports it, `strict` refuses the target.',
    ),
})

const hash = z.string().regex(/^sha256:[0-9a-f]{64}$/, '`sha256:` and the 64 lower-case hex digits of the SHA-256 of the key')

/** One entry of `api_keys`. Exactly one of `key`, a variable, and `key_hash` says what the key is. */
export const apiKeySchema = z
  .strictObject({
    key: secretText().optional().describe('The key itself. Better named by `key_env`, or kept as `key_hash`.'),
    ...keyVariableFields('the key'),
    key_hash: hash.optional().describe('SHA-256 of the key, so that the file holds no secret: `sha256:` and 64 hex digits.'),
    prefix: z
      .string()
      .regex(/^[\x21-\x7e]{1,64}$/, '1 to 64 visible characters')
      .optional()
      .describe('Name of the key in records, for example its first letters.'),
    tenant: nonEmpty().optional().describe('Tenant the key belongs to.'),
    project: nonEmpty().optional().describe('Project the key belongs to.'),
    owner: nonEmpty().optional().describe('Person or team the key belongs to; one owner may have several keys.'),
    limits: callerLimits.describe('Limits of this key alone.'),
    budget: budget.describe('What this key alone may spend.'),
    role: z
      .enum(['client', 'operator', 'admin'])
      .default('client')
      .describe('What the key may do: call models, look at everything, or change things.'),
  })
  .describe('A key that admits clients.')

export type ServerConfig = z.output<typeof serverSchema>
export type ApiKeyConfig = z.output<typeof apiKeySchema>

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text.toLowerCase()
}

function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}
