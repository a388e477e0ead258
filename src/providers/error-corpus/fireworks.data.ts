import type { ProviderErrors } from './error-case.ts'

const CODES = 'https://docs.fireworks.ai/guides/inference-error-codes'

const body = (message: string, code: string): unknown => ({ error: { object: 'error', type: code.toLowerCase(), code, message } })

export const FIREWORKS_ERRORS: ProviderErrors = {
  provider: 'fireworks',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: body('The prompt is too long: 140000, model maximum context length: 131071', 'invalid_request_error'),
      frame: { data: body('The prompt is too long: 140000, model maximum context length: 131071', 'invalid_request_error') },
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 140_000, windowTokens: 131_071 },
      source: CODES,
    },
    {
      what: 'field that is not known',
      status: 400,
      body: body('Extra inputs are not permitted, field: cache_control', 'invalid_request_error'),
      code: 'upstream_invalid_request',
      source: 'https://docs.fireworks.ai/api-reference/post-chatcompletions',
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: body('The API key you provided is invalid.', 'UNAUTHORIZED'),
      code: 'upstream_authentication',
      source: CODES,
    },
    {
      what: 'no paid plan',
      status: 402,
      body: body('Account is not on a paid plan or has exceeded usage limits.', 'PAYMENT_REQUIRED'),
      code: 'upstream_payment_required',
      source: CODES,
    },
    {
      what: 'model that does not exist',
      status: 404,
      body: body('Model not found, inaccessible, and/or not deployed', 'NOT_FOUND'),
      code: 'upstream_model_not_found',
      source: CODES,
    },
    {
      what: 'account suspended at its spending limit',
      status: 412,
      body: body(
        'Account x is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.',
        'PRECONDITION_FAILED',
      ),
      code: 'upstream_payment_required',
      source: CODES,
    },
    {
      what: 'too many requests',
      status: 429,
      headers: {
        'x-ratelimit-limit-requests': '600',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-over-limit': 'yes',
      },
      body: body(
        'Request didn’t generate first token before the given deadline: rate limit exceeded, please try again later',
        'RATE_LIMITED',
      ),
      code: 'upstream_rate_limited',
      source: 'https://docs.fireworks.ai/guides/quotas_usage/rate-limits',
    },
    {
      what: 'not available',
      status: 503,
      body: body('Service is temporarily unavailable or under maintenance.', 'SERVICE_UNAVAILABLE'),
      code: 'upstream_overloaded',
      source: CODES,
    },
  ],
}
