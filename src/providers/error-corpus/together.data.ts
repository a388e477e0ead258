import { errorBody, type ProviderErrors } from './error-case.ts'

const CODES = 'https://docs.together.ai/docs/error-codes'

export const TOGETHER_ERRORS: ProviderErrors = {
  provider: 'together',
  format: 'openai',
  cases: [
    {
      what: 'prompt and answer together longer than the context',
      status: 422,
      body: errorBody(
        'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 10000 `inputs` tokens and 512 `max_new_tokens`',
        'invalid_request_error',
      ),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 10_000, outputTokens: 512, windowTokens: 8_193 },
      source: 'https://portkey.ai/error-library/input-validation-error-10151',
    },
    {
      what: 'overflow told with a 403',
      status: 403,
      body: errorBody(
        'Input token count + max_tokens parameter must be less than the context length of the model being queried.',
        'invalid_request_error',
      ),
      code: 'upstream_context_too_long',
      source: CODES,
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: errorBody(
        'Invalid API key provided. You can find your API key at https://api.together.ai/settings/api-keys.',
        'invalid_request_error',
        'invalid_api_key',
      ),
      code: 'upstream_authentication',
      source: CODES,
    },
    {
      what: 'spending limit reached',
      status: 402,
      body: errorBody(
        'Credit limit exceeded, please navigate to billing to add credits.',
        'credit_limit',
        'credit_limit_exceeded',
      ),
      code: 'upstream_payment_required',
      source: CODES,
    },
    {
      what: 'model that does not exist',
      status: 404,
      body: errorBody(
        'Unable to access model x. Please visit https://api.together.ai/models to view the list of supported models.',
        'invalid_request_error',
        'model_not_available',
      ),
      code: 'upstream_model_not_found',
      source: CODES,
    },
    {
      what: 'too many requests',
      status: 429,
      headers: { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3' },
      body: errorBody('You have reached the rate limit specific to this model.', 'model_rate_limit', 'rate_limit_exceeded'),
      code: 'upstream_rate_limited',
      retryAfterMs: 3_000,
      source: 'https://docs.together.ai/docs/rate-limits',
    },
    {
      what: 'server error',
      status: 500,
      body: errorBody('Internal server error', 'server_error'),
      frame: { data: errorBody('Internal server error', 'server_error') },
      code: 'upstream_server_error',
      source: CODES,
    },
    {
      what: 'overloaded',
      status: 503,
      body: errorBody('The server is overloaded or not ready yet.', 'service_unavailable'),
      code: 'upstream_overloaded',
      source: CODES,
    },
  ],
}
