import { errorBody, type ProviderErrors } from './error-case.ts'

const CODES = 'https://www.alibabacloud.com/help/en/model-studio/error-code'

export const ALIBABA_ERRORS: ProviderErrors = {
  provider: 'alibaba',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: errorBody('Range of input length should be [1, 129024]', 'invalid_request_error', 'invalid_parameter_error'),
      frame: {
        data: errorBody('Range of input length should be [1, 129024]', 'invalid_request_error', 'invalid_parameter_error'),
      },
      code: 'upstream_context_too_long',
      overflow: { windowTokens: 129_024 },
      source: CODES,
    },
    {
      what: 'answer longer than the model gives',
      status: 400,
      body: errorBody('Range of max_tokens should be [1, 8192]', 'invalid_request_error', 'invalid_parameter_error'),
      code: 'upstream_invalid_request',
      source: CODES,
    },
    {
      what: 'content filter',
      status: 400,
      body: errorBody('Input data may contain inappropriate content.', 'data_inspection_failed', 'data_inspection_failed'),
      code: 'upstream_content_filtered',
      source: CODES,
    },
    {
      what: 'account in arrears',
      status: 400,
      body: errorBody('Access denied, please make sure your account is in good standing.', 'Arrearage', 'Arrearage'),
      code: 'upstream_payment_required',
      source: CODES,
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: errorBody('Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key'),
      code: 'upstream_authentication',
      source: CODES,
    },
    {
      what: 'free quota of the model used up',
      status: 403,
      body: errorBody(
        'The free tier of the model has been exhausted.',
        'AllocationQuota.FreeTierOnly',
        'AllocationQuota.FreeTierOnly',
      ),
      code: 'upstream_quota_exceeded',
      source: CODES,
    },
    {
      what: 'model that does not exist',
      status: 404,
      body: errorBody(
        'The model `qwen-9` does not exist or you do not have access to it.',
        'invalid_request_error',
        'model_not_found',
      ),
      code: 'upstream_model_not_found',
      source: CODES,
    },
    {
      what: 'too many requests',
      status: 429,
      body: errorBody('Requests rate limit exceeded, please try again later.', 'limit_requests', 'limit_requests'),
      code: 'upstream_rate_limited',
      source: CODES,
    },
    {
      what: 'no capacity left',
      status: 503,
      body: {
        code: 'ModelServingError',
        message: 'Too many requests. Your requests are being throttled due to system capacity limits. Please try again later.',
      },
      code: 'upstream_overloaded',
      source: CODES,
    },
    {
      what: 'server error',
      status: 500,
      body: errorBody('An internal error has occured, please try again later.', 'internal_error', 'internal_error'),
      code: 'upstream_server_error',
      source: CODES,
    },
  ],
}
