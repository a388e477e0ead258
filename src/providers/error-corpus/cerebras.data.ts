import type { ProviderErrors } from './error-case.ts'

const ERRORS = 'https://inference-docs.cerebras.ai/support/error'
const LIMITS = 'https://inference-docs.cerebras.ai/support/rate-limits'

const body = (message: string, type: string, code: string, param: string | null = null): unknown => ({
  message,
  type,
  param,
  code,
})

/** OpenAI's error object, without the envelope. */
export const CEREBRAS_ERRORS: ProviderErrors = {
  provider: 'cerebras',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: body(
        'Please reduce the length of the messages or completion. Current length is 42328 while limit is 40000',
        'invalid_request_error',
        'context_length_exceeded',
        'messages',
      ),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 42_328, windowTokens: 40_000 },
      source: 'https://github.com/cline/cline/issues/5140',
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: body('Wrong API Key', 'invalid_request_error', 'wrong_api_key', 'api_key'),
      code: 'upstream_authentication',
      source: ERRORS,
    },
    {
      what: 'no credit',
      status: 402,
      body: body('Payment required.', 'payment_required_error', 'payment_required'),
      code: 'upstream_payment_required',
      source: ERRORS,
    },
    {
      what: 'model that does not exist',
      status: 404,
      body: body('Model x does not exist or you do not have access to it.', 'not_found_error', 'model_not_found', 'model'),
      code: 'upstream_model_not_found',
      source: ERRORS,
    },
    {
      what: 'field that is wrong',
      status: 422,
      body: body('Unsupported parameter: frequency_penalty', 'invalid_request_error', 'unprocessable_entity'),
      code: 'upstream_invalid_request',
      source: ERRORS,
    },
    {
      what: 'requests of the minute used up',
      status: 429,
      headers: {
        'retry-after': '49',
        'x-ratelimit-limit-requests-day': '14400',
        'x-ratelimit-remaining-requests-day': '14000',
        'x-ratelimit-remaining-tokens-minute': '60000',
      },
      body: body(
        'Requests per minute limit exceeded - too many requests sent.',
        'too_many_requests_error',
        'request_quota_exceeded',
        'quota',
      ),
      code: 'upstream_rate_limited',
      retryAfterMs: 49_000,
      source: LIMITS,
    },
    {
      what: 'tokens of the minute used up, told by headers',
      status: 429,
      headers: {
        'x-ratelimit-limit-tokens-minute': '60000',
        'x-ratelimit-remaining-tokens-minute': '0',
        'x-ratelimit-reset-tokens-minute': '11.38',
      },
      body: body(
        'Tokens per minute limit exceeded - too many tokens processed.',
        'too_many_tokens_error',
        'token_quota_exceeded',
        'quota',
      ),
      frame: {
        data: {
          error: body(
            'Tokens per minute limit exceeded - too many tokens processed.',
            'too_many_tokens_error',
            'token_quota_exceeded',
            'quota',
          ),
          status_code: 429,
        },
      },
      code: 'upstream_rate_limited',
      retryAfterMs: 11_380,
      source: LIMITS,
    },
    {
      what: 'high traffic',
      status: 429,
      body: body(
        "We're experiencing high traffic right now! Please try again soon.",
        'too_many_requests_error',
        'queue_exceeded',
        'queue',
      ),
      code: 'upstream_overloaded',
      source: LIMITS,
    },
    {
      what: 'server error',
      status: 500,
      body: body('Encountered a server error, please try again.', 'server_error', 'internal_server_error'),
      code: 'upstream_server_error',
      source: ERRORS,
    },
  ],
}
