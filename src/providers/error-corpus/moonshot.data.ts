import type { ProviderErrors } from './error-case.ts'

const ERRORS = 'https://platform.kimi.ai/docs/api/errors'
const CODE = 'https://www.kimi.com/code/docs/en/kimi-code/error-reference.html'

const body = (type: string, message: string): unknown => ({ error: { type, message } })

export const MOONSHOT_ERRORS: ProviderErrors = {
  provider: 'moonshot',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: body('invalid_request_error', 'Input token length too long'),
      code: 'upstream_context_too_long',
      source: ERRORS,
    },
    {
      what: 'prompt and answer together longer than the context',
      status: 400,
      body: body('invalid_request_error', 'Your request exceeded model token limit : 262144'),
      code: 'upstream_context_too_long',
      overflow: { windowTokens: 262_144 },
      source: ERRORS,
    },
    {
      what: 'body larger than it may be',
      status: 400,
      body: body('invalid_request_error', 'total message size 3000000 exceeds limit 2097152'),
      code: 'upstream_body_too_large',
      source: CODE,
    },
    {
      what: 'file larger than it may be',
      status: 400,
      body: body(
        'invalid_request_error',
        'File size is too large, max file size is 100MB, please confirm and re-upload the file',
      ),
      code: 'upstream_invalid_request',
      source: ERRORS,
    },
    {
      what: 'content filter',
      status: 400,
      body: body('content_filter', 'The request was rejected because it was considered high risk'),
      code: 'upstream_content_filtered',
      source: ERRORS,
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: body('invalid_authentication_error', 'Invalid Authentication'),
      code: 'upstream_authentication',
      source: ERRORS,
    },
    {
      what: 'usage of the billing cycle used up',
      status: 403,
      body: body('access_terminated_error', "You've reached your usage limit for this billing cycle."),
      code: 'upstream_quota_exceeded',
      source: CODE,
    },
    {
      what: 'model that does not exist',
      status: 404,
      body: body('resource_not_found_error', 'Not found the model kimi-9 or Permission denied'),
      code: 'upstream_model_not_found',
      source: ERRORS,
    },
    {
      what: 'quota used up',
      status: 429,
      body: body('exceeded_current_quota_error', 'You exceeded your current token quota: 0, please check your account balance'),
      code: 'upstream_quota_exceeded',
      source: ERRORS,
    },
    {
      what: 'too many requests',
      status: 429,
      body: body('rate_limit_reached_error', 'Your account reached max request per minute: 3, please try again after 1 seconds'),
      code: 'upstream_rate_limited',
      retryAfterMs: 1_000,
      source: ERRORS,
    },
    {
      what: 'overloaded',
      status: 429,
      body: body('engine_overloaded_error', 'The engine is currently overloaded, please try again later'),
      frame: { data: body('engine_overloaded_error', 'The engine is currently overloaded, please try again later') },
      code: 'upstream_overloaded',
      source: ERRORS,
    },
  ],
}
