import type { ProviderErrors } from './error-case.ts'

const ERRORS = 'https://docs.mistral.ai/api'

const body = (message: unknown, type: string, code: string | null): unknown => ({
  object: 'error',
  message,
  type,
  param: null,
  code,
  raw_status_code: 400,
})

export const MISTRAL_ERRORS: ProviderErrors = {
  provider: 'mistral',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: body(
        'Prompt contains 40046 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
        'invalid_request_prompt',
        '3051',
      ),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 40_046, windowTokens: 32_768 },
      source: 'https://docs.mistral.ai/getting-started/models/models_overview',
    },
    {
      what: 'model that does not exist',
      status: 400,
      body: body('Invalid model: mistral-9', 'invalid_model', '1500'),
      code: 'upstream_model_not_found',
      source: ERRORS,
    },
    {
      what: 'roles in an order that is not allowed',
      status: 400,
      body: body(
        'Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant',
        'invalid_request_message_order',
        '3230',
      ),
      code: 'upstream_invalid_request',
      source: ERRORS,
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: { detail: 'Unauthorized' },
      code: 'upstream_authentication',
      source: ERRORS,
    },
    {
      what: 'field that is not known',
      status: 422,
      body: body(
        { detail: [{ type: 'extra_forbidden', loc: ['body', 'top_k'], msg: 'Extra inputs are not permitted', input: 5 }] },
        'invalid_request_error',
        null,
      ),
      code: 'upstream_invalid_request',
      source: ERRORS,
    },
    {
      what: 'requests of the second used up',
      status: 429,
      body: {
        object: 'error',
        message: 'Rate limit exceeded',
        type: 'rate_limited',
        param: null,
        code: '1300',
        raw_status_code: 429,
      },
      code: 'upstream_rate_limited',
      source: 'https://github.com/raycast/extensions/issues/31107',
    },
    {
      what: 'limit in the older words',
      status: 429,
      body: { message: 'Requests rate limit exceeded' },
      code: 'upstream_rate_limited',
      source: 'https://github.com/dnakov/anon-kode/issues/53',
    },
    {
      what: 'no capacity left',
      status: 429,
      body: body('Service tier capacity exceeded for this model.', 'service_tier_capacity_exceeded', '3505'),
      frame: { data: body('Service tier capacity exceeded for this model.', 'service_tier_capacity_exceeded', '3505') },
      code: 'upstream_overloaded',
      source: 'https://github.com/continuedev/continue/issues/6185',
    },
    {
      what: 'server error',
      status: 500,
      body: body('Service unavailable.', 'internal_server_error', '3700'),
      code: 'upstream_server_error',
      source: ERRORS,
    },
  ],
}
