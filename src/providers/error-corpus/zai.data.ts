import type { ProviderErrors } from './error-case.ts'

const CODES = 'https://docs.z.ai/api-reference/api-code'

const body = (code: string, message: string): unknown => ({ error: { code, message } })

export const ZAI_ERRORS: ProviderErrors = {
  provider: 'zai',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: body('1261', 'Prompt exceeds max length'),
      code: 'upstream_context_too_long',
      source: CODES,
    },
    {
      what: 'model that does not exist',
      status: 400,
      body: body('1211', 'Model does not exist, please check the model code'),
      code: 'upstream_model_not_found',
      source: CODES,
    },
    {
      what: 'field that is wrong',
      status: 400,
      body: body('1210', 'Incorrect API call parameters, please check the documentation'),
      code: 'upstream_invalid_request',
      source: CODES,
    },
    {
      what: 'content filter',
      status: 400,
      body: {
        contentFilter: [{ level: 1, role: 'user' }],
        ...(body('1301', 'System detected potentially unsafe or sensitive content in input or generation.') as object),
      },
      code: 'upstream_content_filtered',
      source: CODES,
    },
    {
      what: 'token that has expired',
      status: 401,
      body: body('1003', 'Authentication Token expired, please regenerate/obtain'),
      code: 'upstream_authentication',
      source: CODES,
    },
    {
      what: 'no credit',
      status: 429,
      body: body('1113', 'Your account is in arrears, please recharge and try again'),
      code: 'upstream_payment_required',
      source: CODES,
    },
    {
      what: 'too many calls at once',
      status: 429,
      body: body('1302', 'High concurrency usage of this API, please reduce concurrency or contact customer service'),
      code: 'upstream_rate_limited',
      source: CODES,
    },
    {
      what: 'usage of the window used up',
      status: 429,
      body: body('1308', 'Usage limit reached for 5 hour. Your limit will reset at 2026-01-01 05:00:00'),
      code: 'upstream_quota_exceeded',
      source: 'https://docs.z.ai/devpack/usage-policy',
    },
    {
      what: 'server error',
      status: 500,
      body: body('500', 'Internal Error'),
      frame: { data: body('500', 'Internal Error') },
      code: 'upstream_server_error',
      source: CODES,
    },
  ],
}
