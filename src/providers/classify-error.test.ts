import { describe, expect, test } from 'bun:test'
import { codecs } from '../codecs/registry.ts'
import type { ErrorCode } from '../errors/codes.ts'
import type { UpstreamErrorFacts } from '../errors/gateway-error.ts'
import type { StreamEvent } from '../ir/stream-event.ts'
import { classifyInBand, classifyStatus } from './classify-error.ts'

type Case = readonly [status: number, facts: UpstreamErrorFacts, expected: ErrorCode]

const BY_STATUS_ALONE: readonly (readonly [number, ErrorCode])[] = [
  [400, 'upstream_invalid_request'],
  [401, 'upstream_authentication'],
  [402, 'upstream_payment_required'],
  [403, 'upstream_permission'],
  [404, 'upstream_model_not_found'],
  [405, 'upstream_other'],
  [408, 'upstream_timeout'],
  [409, 'upstream_conflict'],
  [413, 'upstream_body_too_large'],
  [418, 'upstream_other'],
  [422, 'upstream_invalid_request'],
  [429, 'upstream_rate_limited'],
  [500, 'upstream_server_error'],
  [502, 'upstream_server_error'],
  [503, 'upstream_overloaded'],
  [504, 'upstream_timeout'],
  [522, 'upstream_connect_failed'],
  [524, 'upstream_timeout'],
  [529, 'upstream_overloaded'],
  [599, 'upstream_server_error'],
]

const CONTEXT = [
  "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
  'Your input exceeds the context window of this model. Please adjust your input and try again.',
  'prompt is too long: 210000 tokens > 200000 maximum',
  'input length and `max_tokens` exceed context limit: 198000 + 8000 > 200000, decrease input length or `max_tokens` and try again',
  'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
  'Please reduce the length of the messages or completion.',
  'the request exceeds the available context size. try increasing the context size or enable context shift',
  "The prompt is longer than the model's context length.",
  'Prompt contains 40000 tokens, too large for model with 32768 maximum context length',
  "This model's maximum prompt length is 131072 but the request contains 150000 tokens.",
  'Invalid request: Your request exceeded model token limit: 131072',
  'Input is too long for requested model.',
]

const NOT_CONTEXT = [
  'max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens for this model',
  'max_tokens is too large: 5000. This model supports at most 4096 completion tokens',
  "Unknown parameter: 'context_window'.",
  '`max_tokens` must be less than or equal to `32768`, the maximum value for `max_tokens` is less than the `context_window` for this model',
  'The maximum tokens you requested exceeds the model limit of 32768',
  'Range of max_tokens should be [1, 8192]',
  'messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes',
  'At least one of the image dimensions exceeds the maximum allowed size: 8000 pixels',
  'Input image exceeds the maximum allowed dimensions',
  "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64.",
  "Invalid 'metadata.note': string too long. Expected a string with maximum length 512.",
  'The tool describes a context window of its own, which must be a number',
  'too many tokens in stop sequence list: at most 4',
  'Invalid value for context window size.',
]

const TOLD: readonly Case[] = [
  [400, { code: 'context_length_exceeded', message: 'x' }, 'upstream_context_too_long'],
  [413, { message: 'prompt is too long: 9 tokens > 8 maximum' }, 'upstream_context_too_long'],
  [500, { type: 'exceed_context_size_error' }, 'upstream_context_too_long'],
  [
    400,
    { type: 'invalid_request_error', message: 'Your credit balance is too low to access the API.' },
    'upstream_payment_required',
  ],
  [400, { message: 'API key not valid. Please pass a valid API key.' }, 'upstream_authentication'],
  [400, { code: '1500', type: 'invalid_model', message: 'Invalid model: gpt-5' }, 'upstream_model_not_found'],
  [400, { message: 'acme/gpt is not a valid model ID' }, 'upstream_model_not_found'],
  [400, { code: 'model_decommissioned' }, 'upstream_model_not_found'],
  [404, { type: 'not_found_error', message: 'model: claude-9' }, 'upstream_model_not_found'],
  [403, { code: 'model_not_found', message: 'Project `x` does not have access to model `y`' }, 'upstream_model_not_found'],
  [400, { code: 'content_filter' }, 'upstream_content_filtered'],
  [400, { message: 'Output blocked by content filtering policy' }, 'upstream_content_filtered'],
  [400, { message: 'Content Exists Risk' }, 'upstream_content_filtered'],
  [
    400,
    { code: 'invalid_prompt', message: 'Your prompt was flagged as potentially violating our usage policy.' },
    'upstream_content_filtered',
  ],
  [403, { message: 'Your chosen model requires moderation and your input was flagged for "x".' }, 'upstream_content_filtered'],
  [429, { type: 'insufficient_quota', code: 'insufficient_quota' }, 'upstream_quota_exceeded'],
  [429, { message: 'You exceeded your current quota, please check your plan' }, 'upstream_quota_exceeded'],
  [
    429,
    { type: 'engine_overloaded_error', message: 'The engine is currently overloaded, please try again later' },
    'upstream_overloaded',
  ],
  [429, { type: 'tokens', code: 'rate_limit_exceeded', message: 'Rate limit reached for gpt-5' }, 'upstream_rate_limited'],
  [500, { type: 'overloaded_error', message: 'Overloaded' }, 'upstream_overloaded'],
  [
    401,
    { code: 'mismatched_organization', message: 'OpenAI-Organization header should match organization for API key' },
    'upstream_invalid_request',
  ],
]

describe('what an error status means', () => {
  test.each(BY_STATUS_ALONE)('%d alone is %s', (status, expected) => {
    expect(classifyStatus(status, {})).toBe(expected)
  })

  test.each(CONTEXT)('the prompt does not fit: %s', (message) => {
    expect(classifyStatus(400, { type: 'invalid_request_error', message })).toBe('upstream_context_too_long')
  })

  test.each(NOT_CONTEXT)("the client's own mistake: %s", (message) => {
    expect(classifyStatus(400, { type: 'invalid_request_error', message })).toBe('upstream_invalid_request')
  })

  test.each(TOLD)('%d with %o is %s', (status, facts, expected) => {
    expect(classifyStatus(status, facts)).toBe(expected)
  })

  /** Each would lock the account for everybody. */
  const LOCKING = [
    'invalid api key',
    'API key not valid',
    'insufficient credits',
    'credit balance is too low',
    'exceeded your current quota',
    'quota exceeded',
    'usage limit reached',
  ]
  test.each(LOCKING)('a client that sends "%s" as a value locks nobody out', (words) => {
    const repeated = [
      `Invalid value: '${words}'. Supported values are: 'system', 'user'.`,
      `Invalid value: 'x' ${words} 'y'. Supported values are: 'system', 'user'.`,
      `tools.0.custom.input_schema.${words}: Extra inputs are not permitted`,
      `messages.1.role: ${words}`,
      `Unrecognized request argument supplied: ${words}`,
      `[{"input": "${words}"}]`,
    ]
    for (const message of repeated)
      for (const status of [400, 422])
        expect(classifyStatus(status, { type: 'invalid_request_error', message })).toBe('upstream_invalid_request')
    for (const message of repeated)
      expect(classifyInBand({ type: 'invalid_request_error', message })).toBe('upstream_invalid_request')
    expect(classifyStatus(400, { message: `Your ${words}, please ask` })).not.toBe('upstream_invalid_request')
  })

  test('what a server repeats far behind its reason says nothing', () => {
    expect(classifyStatus(400, { message: `${'x '.repeat(2_100)}prompt is too long` })).toBe('upstream_invalid_request')
  })

  test("words about a client's tool or message never look like a missing model", () => {
    expect(classifyStatus(400, { message: "tool 'model_lookup': parameter 'query' is required" })).toBe(
      'upstream_invalid_request',
    )
  })
})

describe('what a failure inside an answer means', () => {
  test.each([
    [{ type: 'overloaded_error', message: 'Overloaded' }, 'upstream_overloaded'],
    [{ code: 'server_is_overloaded', message: 'Our servers are currently overloaded.' }, 'upstream_overloaded'],
    [{ code: 'rate_limit_exceeded', message: 'slow down' }, 'upstream_rate_limited'],
    [{ code: 'insufficient_quota', message: 'x' }, 'upstream_quota_exceeded'],
    [{ code: 'context_length_exceeded', message: 'x' }, 'upstream_context_too_long'],
    [{ type: 'invalid_request_error', message: 'prompt is too long: 9 > 8' }, 'upstream_context_too_long'],
    [{ code: '502', status: 502, message: 'Provider returned error' }, 'upstream_server_error'],
    [{ code: '429', message: 'Provider returned error' }, 'upstream_rate_limited'],
    [{ type: 'invalid_request_error', message: 'bad' }, 'upstream_invalid_request'],
    [{ type: 'authentication_error', message: 'bad' }, 'upstream_authentication'],
    [{ type: 'api_error', message: 'Internal server error' }, 'upstream_server_error'],
    [{ message: 'something else' }, 'upstream_server_error'],
  ] as const)('%o is %s', (failure, expected) => {
    expect(classifyInBand(failure)).toBe(expected)
  })

  test.each(Object.keys(codecs) as (keyof typeof codecs)[])('a stream of %s that stops early is an interruption', (format) => {
    const events: StreamEvent[] = []
    codecs[format].createStreamDecoder().end((event) => void events.push(event))
    const failure = events.find((event) => event.type === 'error')
    expect(failure === undefined ? undefined : classifyInBand(failure.error)).toBe('upstream_stream_interrupted')
  })

  test.each(Object.keys(codecs) as (keyof typeof codecs)[])('a frame of %s that is no JSON is a bad response', (format) => {
    const events: StreamEvent[] = []
    codecs[format].createStreamDecoder().push({ event: undefined, data: '{"cut":' }, (event) => void events.push(event))
    const failure = events.find((event) => event.type === 'error')
    expect(failure === undefined ? undefined : classifyInBand(failure.error)).toBe('upstream_bad_response')
  })
})
