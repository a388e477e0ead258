import type { ProviderErrors } from './error-case.ts'

const ERRORS = 'https://platform.claude.com/docs/en/api/errors'
const LIMITS = 'https://platform.claude.com/docs/en/api/rate-limits'

const body = (type: string, message: string): unknown => ({ type: 'error', error: { type, message }, request_id: 'req_1' })

export const ANTHROPIC_ERRORS: ProviderErrors = {
  provider: 'anthropic',
  format: 'anthropic',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: body('invalid_request_error', 'prompt is too long: 208544 tokens > 200000 maximum'),
      frame: {
        event: 'error',
        data: {
          type: 'error',
          error: { type: 'invalid_request_error', message: 'prompt is too long: 208544 tokens > 200000 maximum' },
        },
      },
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 208_544, windowTokens: 200_000 },
      source: 'https://github.com/stackblitz/bolt.new/issues/2520',
    },
    {
      what: 'prompt and answer together longer than the context',
      status: 400,
      body: body(
        'invalid_request_error',
        'input length and `max_tokens` exceed context limit: 143653 + 64000 > 200000, decrease input length or `max_tokens` and try again',
      ),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 143_653, outputTokens: 64_000, windowTokens: 200_000 },
      source: 'https://github.com/continuedev/continue/issues/8454',
    },
    {
      what: 'answer longer than the model gives',
      status: 400,
      body: body(
        'invalid_request_error',
        'max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4-5',
      ),
      code: 'upstream_invalid_request',
      source: ERRORS,
    },
    {
      what: 'image larger than it may be',
      status: 400,
      body: body(
        'invalid_request_error',
        'messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes',
      ),
      code: 'upstream_invalid_request',
      source: 'https://platform.claude.com/docs/en/build-with-claude/vision',
    },
    {
      what: 'no credit',
      status: 400,
      body: body(
        'invalid_request_error',
        'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
      ),
      code: 'upstream_payment_required',
      source: ERRORS,
    },
    {
      what: 'spending limit of the month reached',
      status: 400,
      body: body(
        'invalid_request_error',
        'You have reached your specified API usage limits. You will regain access on 2026-01-01 at 00:00 UTC.',
      ),
      code: 'upstream_quota_exceeded',
      source: LIMITS,
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: body('authentication_error', 'invalid x-api-key'),
      code: 'upstream_authentication',
      source: ERRORS,
    },
    {
      what: 'billing',
      status: 402,
      body: body('billing_error', 'There is an issue with your billing or payment information.'),
      code: 'upstream_payment_required',
      source: ERRORS,
    },
    {
      what: 'key without the right',
      status: 403,
      body: body('permission_error', 'Your API key does not have permission to use the specified resource.'),
      code: 'upstream_permission',
      source: ERRORS,
    },
    {
      what: 'model that does not exist',
      status: 404,
      body: body('not_found_error', 'model: claude-9'),
      code: 'upstream_model_not_found',
      source: ERRORS,
    },
    {
      what: 'body larger than it may be',
      status: 413,
      body: body('request_too_large', 'Request exceeds the maximum size'),
      code: 'upstream_body_too_large',
      source: 'https://github.com/anthropics/anthropic-sdk-python/issues/938',
    },
    {
      what: 'input tokens of the minute used up',
      status: 429,
      headers: {
        'retry-after': '13',
        'anthropic-ratelimit-input-tokens-limit': '30000',
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': '2026-01-01T00:00:30Z',
      },
      body: body(
        'rate_limit_error',
        "This request would exceed your organization's rate limit of 30,000 input tokens per minute. Please reduce the prompt length or the maximum tokens requested, or try again later.",
      ),
      code: 'upstream_rate_limited',
      retryAfterMs: 13_000,
      source: LIMITS,
    },
    {
      what: 'a limit that only the headers explain',
      status: 429,
      headers: {
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:07Z',
      },
      body: body('rate_limit_error', 'Number of requests has exceeded your per-minute rate limit'),
      code: 'upstream_rate_limited',
      retryAfterMs: 7_000,
      source: LIMITS,
    },
    {
      what: 'server error',
      status: 500,
      body: body('api_error', 'Internal server error'),
      frame: { event: 'error', data: { type: 'error', error: { type: 'api_error', message: 'Internal server error' } } },
      code: 'upstream_server_error',
      source: ERRORS,
    },
    {
      what: 'overloaded',
      status: 529,
      body: body('overloaded_error', 'Overloaded'),
      frame: { event: 'error', data: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } },
      code: 'upstream_overloaded',
      source: 'https://platform.claude.com/docs/en/build-with-claude/streaming',
    },
    {
      what: 'content filter',
      status: 400,
      body: body('invalid_request_error', 'Output blocked by content filtering policy'),
      code: 'upstream_content_filtered',
      source: ERRORS,
    },
    {
      what: 'timed out',
      status: 504,
      body: body('timeout_error', 'Request timed out while processing.'),
      code: 'upstream_timeout',
      source: ERRORS,
    },
  ],
}
