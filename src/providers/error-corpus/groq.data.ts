import { errorBody, type ProviderErrors } from './error-case.ts'

const ERRORS = 'https://console.groq.com/docs/errors'
const LIMITS = 'https://console.groq.com/docs/rate-limits'

export const GROQ_ERRORS: ProviderErrors = {
  provider: 'groq',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: errorBody(
        'Please reduce the length of the messages or completion.',
        'invalid_request_error',
        'context_length_exceeded',
        'messages',
      ),
      code: 'upstream_context_too_long',
      source: ERRORS,
    },
    {
      what: 'answer longer than the model gives, told with the context window',
      status: 400,
      body: errorBody(
        '`max_tokens` must be less than or equal to `32768`, the maximum value for `max_tokens` is less than the `context_window` for this model',
        'invalid_request_error',
        null,
        'max_tokens',
      ),
      code: 'upstream_invalid_request',
      source: ERRORS,
    },
    {
      what: 'tool call that the model could not write',
      status: 400,
      body: {
        error: {
          message: 'Failed to call a function. Please adjust your prompt.',
          type: 'invalid_request_error',
          code: 'tool_use_failed',
          failed_generation: '',
        },
      },
      frame: {
        data: {
          error: {
            message: 'Failed to call a function. Please adjust your prompt.',
            type: 'invalid_request_error',
            code: 'tool_use_failed',
            failed_generation: '',
            status_code: 400,
          },
        },
      },
      code: 'upstream_invalid_request',
      source: 'https://console.groq.com/docs/tool-use',
    },
    {
      what: 'model that is gone',
      status: 400,
      body: errorBody(
        'The model `mixtral-8x7b-32768` has been decommissioned and is no longer supported.',
        'invalid_request_error',
        'model_decommissioned',
      ),
      code: 'upstream_model_not_found',
      source: 'https://console.groq.com/docs/deprecations',
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: errorBody('Invalid API Key', 'invalid_request_error', 'invalid_api_key'),
      code: 'upstream_authentication',
      source: ERRORS,
    },
    {
      what: 'model that does not exist',
      status: 404,
      body: errorBody(
        'The model `x` does not exist or you do not have access to it.',
        'invalid_request_error',
        'model_not_found',
      ),
      code: 'upstream_model_not_found',
      source: ERRORS,
    },
    {
      what: 'one request larger than the tokens of a minute',
      status: 413,
      body: errorBody(
        'Request too large for model llama-3.1-8b-instant in organization org_1 service tier on_demand on tokens per minute (TPM): Limit 6000, Requested 12328, please reduce your message size and try again.',
        'tokens',
        'rate_limit_exceeded',
      ),
      code: 'upstream_request_over_limit',
      source: 'https://github.com/HunorLaczko/ha-groq-cloud-api/issues/27',
    },
    {
      what: 'tokens of the day used up',
      status: 429,
      body: errorBody(
        'Rate limit reached for model `llama-3.3-70b-versatile` in organization `org_1` service tier `on_demand` on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. Please try again in 9m38.016s.',
        'tokens',
        'rate_limit_exceeded',
      ),
      code: 'upstream_rate_limited',
      retryAfterMs: 578_016,
      source: 'https://github.com/continuedev/continue/issues/10920',
    },
    {
      what: 'limit told by headers',
      status: 429,
      headers: {
        'retry-after': '2',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '2m59.56s',
      },
      body: errorBody('Rate limit reached.', 'requests', 'rate_limit_exceeded'),
      code: 'upstream_rate_limited',
      retryAfterMs: 2_000,
      source: LIMITS,
    },
    {
      what: 'flexible tier without capacity',
      status: 498,
      body: errorBody('Flex tier capacity exceeded.', 'capacity_exceeded', 'capacity_exceeded'),
      code: 'upstream_overloaded',
      source: 'https://github.com/laravel/ai/pull/925',
    },
    {
      what: 'not available',
      status: 503,
      body: errorBody('Service Unavailable', 'internal_server_error'),
      code: 'upstream_overloaded',
      source: ERRORS,
    },
  ],
}
