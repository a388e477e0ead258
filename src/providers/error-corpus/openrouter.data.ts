import type { ProviderErrors } from './error-case.ts'

const ERRORS = 'https://openrouter.ai/docs/api/reference/errors-and-debugging'
const LIMITS = 'https://openrouter.ai/docs/api/reference/limits'

const body = (code: number, message: string, metadata?: unknown): unknown => ({
  error: { code, message, ...(metadata === undefined ? {} : { metadata }) },
  user_id: 'user_1',
})

export const OPENROUTER_ERRORS: ProviderErrors = {
  provider: 'openrouter',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: body(
        400,
        "This endpoint's maximum context length is 131072 tokens. However, you requested about 140192 tokens (130000 of text input, 2000 of tool input, 8192 in the output). Please reduce the length of either one.",
      ),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 132_000, outputTokens: 8_192, windowTokens: 131_072 },
      source: ERRORS,
    },
    {
      what: 'overflow that the provider behind it told',
      status: 400,
      body: body(400, 'Provider returned error', {
        provider_name: 'Acme',
        raw: JSON.stringify({
          error: { message: 'prompt is too long: 208544 tokens > 200000 maximum', type: 'invalid_request_error' },
        }),
      }),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 208_544, windowTokens: 200_000 },
      source: ERRORS,
    },
    {
      what: 'limit that the provider behind it told as plain words',
      status: 429,
      body: body(429, 'Provider returned error', {
        provider_name: 'Acme',
        raw: 'acme/model is temporarily rate-limited upstream. Please retry shortly.',
      }),
      code: 'upstream_rate_limited',
      source: ERRORS,
    },
    {
      what: 'model that does not exist',
      status: 400,
      body: body(400, 'acme/gpt is not a valid model ID'),
      code: 'upstream_model_not_found',
      source: ERRORS,
    },
    {
      what: 'no credentials',
      status: 401,
      body: body(401, 'No auth credentials found'),
      code: 'upstream_authentication',
      source: ERRORS,
    },
    {
      what: 'no credit',
      status: 402,
      body: body(402, 'Insufficient credits. Add more using https://openrouter.ai/settings/credits'),
      code: 'upstream_payment_required',
      source: ERRORS,
    },
    {
      what: 'credit for less than this request',
      status: 402,
      body: body(
        402,
        'This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 27342.',
      ),
      code: 'upstream_request_over_limit',
      source: 'https://github.com/Gitlawb/openclaude/issues/1125',
    },
    {
      what: 'input that was flagged',
      status: 403,
      body: body(403, 'Your chosen model requires moderation and your input was flagged for "violence".', {
        reasons: ['violence'],
        provider_name: 'Acme',
      }),
      code: 'upstream_content_filtered',
      source: ERRORS,
    },
    {
      what: 'no provider for the model',
      status: 404,
      body: body(404, 'No endpoints found matching your data policy.'),
      code: 'upstream_model_not_found',
      source: ERRORS,
    },
    {
      what: 'free requests of the day used up',
      status: 429,
      headers: { 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1767225900000' },
      body: body(429, 'Rate limit exceeded: free-models-per-day. Add credits to unlock more free model requests per day'),
      code: 'upstream_rate_limited',
      retryAfterMs: 300_000,
      source: LIMITS,
    },
    {
      what: 'provider gone in the middle of a stream',
      status: 502,
      body: body(502, 'Provider disconnected'),
      frame: {
        data: {
          id: 'gen-1',
          error: { code: 502, message: 'Provider disconnected' },
        },
      },
      code: 'upstream_server_error',
      source: ERRORS,
    },
    {
      what: 'no provider has room',
      status: 503,
      body: body(503, 'There is no available model provider that meets your routing requirements'),
      code: 'upstream_overloaded',
      source: ERRORS,
    },
  ],
}
