import { errorBody, type ProviderErrors } from './error-case.ts'

const CODES = 'https://api-docs.deepseek.com/quick_start/error_codes'

export const DEEPSEEK_ERRORS: ProviderErrors = {
  provider: 'deepseek',
  format: 'openai',
  cases: [
    {
      what: 'prompt and answer together longer than the context',
      status: 400,
      body: errorBody(
        "This model's maximum context length is 131072 tokens. However, you requested 131134 tokens (122942 in the messages, 8192 in the completion). Please reduce the length of the messages or completion.",
        'invalid_request_error',
        'invalid_request_error',
      ),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 122_942, outputTokens: 8_192, windowTokens: 131_072 },
      source: 'https://github.com/evalstate/fast-agent/issues/621',
    },
    {
      what: 'model that does not exist',
      status: 400,
      body: errorBody('Model Not Exist', 'invalid_request_error', 'invalid_request_error'),
      code: 'upstream_model_not_found',
      source: CODES,
    },
    {
      what: 'answer longer than the model gives',
      status: 400,
      body: errorBody(
        'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]',
        'invalid_request_error',
        'invalid_request_error',
      ),
      code: 'upstream_invalid_request',
      source: CODES,
    },
    {
      what: 'content filter',
      status: 400,
      body: errorBody('Content Exists Risk', 'invalid_request_error', 'invalid_request_error'),
      code: 'upstream_content_filtered',
      source: CODES,
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: errorBody('Authentication Fails, Your api key: ****cdef is invalid', 'authentication_error', 'invalid_request_error'),
      code: 'upstream_authentication',
      source: CODES,
    },
    {
      what: 'no credit',
      status: 402,
      body: errorBody('Insufficient Balance', 'unknown_error', 'invalid_request_error'),
      code: 'upstream_payment_required',
      source: CODES,
    },
    {
      what: 'field that is wrong',
      status: 422,
      body: errorBody(
        'Failed to deserialize the JSON body into the target type: messages[0]: missing field `role`',
        'invalid_request_error',
        'invalid_request_error',
      ),
      code: 'upstream_invalid_request',
      source: CODES,
    },
    {
      what: 'too many requests',
      status: 429,
      body: errorBody('You are sending requests too quickly.', 'rate_limit_error', 'rate_limit_reached'),
      code: 'upstream_rate_limited',
      source: CODES,
    },
    {
      what: 'server error',
      status: 500,
      body: errorBody('Our server encounters an issue.', 'server_error'),
      code: 'upstream_server_error',
      source: CODES,
    },
    {
      what: 'overloaded',
      status: 503,
      body: errorBody('The server is overloaded due to high traffic.', 'service_unavailable_error'),
      code: 'upstream_overloaded',
      source: CODES,
    },
  ],
}
