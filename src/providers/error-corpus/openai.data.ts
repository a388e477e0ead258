import { errorBody, type ProviderErrors } from './error-case.ts'

const CODES = 'https://platform.openai.com/docs/guides/error-codes'
const LIMITS = 'https://platform.openai.com/docs/guides/rate-limits'
const EVENTS = 'https://platform.openai.com/docs/api-reference/responses-streaming'

export const OPENAI_ERRORS: ProviderErrors = {
  provider: 'openai',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: errorBody(
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. Please reduce the length of the messages.",
        'invalid_request_error',
        'context_length_exceeded',
        'messages',
      ),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 9001, windowTokens: 8192 },
      source: 'https://github.com/chathub-dev/chathub/issues/126',
    },
    {
      what: 'prompt and answer together longer than the context',
      status: 400,
      body: errorBody(
        "This model's maximum context length is 4097 tokens. However, you requested 4120 tokens (3120 in the messages, 1000 in the completion). Please reduce the length of the messages or completion.",
        'invalid_request_error',
        'context_length_exceeded',
        'messages',
      ),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 3120, outputTokens: 1000, windowTokens: 4097 },
      source: 'https://github.com/mckaywrigley/chatbot-ui/issues/102',
    },
    {
      what: 'overflow of the Responses API',
      status: 400,
      format: 'responses',
      body: errorBody(
        'Your input exceeds the context window of this model. Please adjust your input and try again.',
        'invalid_request_error',
        'context_length_exceeded',
        'input',
      ),
      frame: {
        event: 'error',
        data: {
          type: 'error',
          sequence_number: 2,
          error: {
            type: 'invalid_request_error',
            code: 'context_length_exceeded',
            message: 'Your input exceeds the context window of this model. Please adjust your input and try again.',
            param: 'input',
          },
        },
      },
      code: 'upstream_context_too_long',
      source: 'https://github.com/dyad-sh/dyad/issues/1672',
    },
    {
      what: 'answer longer than the model gives',
      status: 400,
      body: errorBody(
        'max_tokens is too large: 5000. This model supports at most 4096 completion tokens, whereas you provided 5000.',
        'invalid_request_error',
        'invalid_value',
        'max_tokens',
      ),
      code: 'upstream_invalid_request',
      source: CODES,
    },
    {
      what: 'unknown parameter',
      status: 400,
      body: errorBody("Unknown parameter: 'context_window'.", 'invalid_request_error', 'unknown_parameter', 'context_window'),
      code: 'upstream_invalid_request',
      source: CODES,
    },
    {
      what: 'message longer than a string may be',
      status: 400,
      body: errorBody(
        "Invalid 'messages[1].content': string too long. Expected a string with maximum length 10485760, but got a string with length 12000000 instead.",
        'invalid_request_error',
        'string_above_max_length',
        'messages[1].content',
      ),
      code: 'upstream_context_too_long',
      source: CODES,
    },
    {
      what: 'name longer than it may be',
      status: 400,
      body: errorBody(
        "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a string with length 80 instead.",
        'invalid_request_error',
        'string_above_max_length',
        'tools[0].function.name',
      ),
      code: 'upstream_invalid_request',
      source: CODES,
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: errorBody(
        'Incorrect API key provided: sk-pr******cdef. You can find your API key at https://platform.openai.com/account/api-keys.',
        'invalid_request_error',
        'invalid_api_key',
      ),
      code: 'upstream_authentication',
      source: CODES,
    },
    {
      what: 'organisation of another account',
      status: 401,
      body: errorBody(
        'OpenAI-Organization header should match organization for API key',
        'invalid_request_error',
        'mismatched_organization',
      ),
      code: 'upstream_invalid_request',
      source: CODES,
    },
    {
      what: 'country that is not served',
      status: 403,
      body: errorBody('Country, region, or territory not supported', 'request_forbidden', 'unsupported_country_region_territory'),
      code: 'upstream_permission',
      source: CODES,
    },
    {
      what: 'model the project may not use',
      status: 403,
      body: errorBody('Project `proj_1` does not have access to model `gpt-9`', 'invalid_request_error', 'model_not_found'),
      code: 'upstream_model_not_found',
      source: CODES,
    },
    {
      what: 'item of an earlier answer that was not kept',
      status: 404,
      format: 'responses',
      body: errorBody(
        "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.",
        'invalid_request_error',
        null,
        'input',
      ),
      code: 'upstream_invalid_request',
      source: 'https://platform.openai.com/docs/guides/conversation-state',
    },
    {
      what: 'tokens of the minute used up',
      status: 429,
      headers: {
        'retry-after-ms': '1240',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-limit-tokens': '30000',
        'x-ratelimit-reset-tokens': '1m2s',
      },
      body: errorBody(
        'Rate limit reached for gpt-5 in organization org-1 on tokens per min (TPM): Limit 30000, Used 29500, Requested 1120. Please try again in 1.24s.',
        'tokens',
        'rate_limit_exceeded',
      ),
      code: 'upstream_rate_limited',
      retryAfterMs: 1240,
      source: LIMITS,
    },
    {
      what: 'one request larger than the tokens of a minute',
      status: 429,
      body: errorBody(
        'Request too large for gpt-5 in organization org-1 on tokens per min (TPM): Limit 30000, Requested 30601. The input or output tokens must be reduced in order to run successfully.',
        'tokens',
        'rate_limit_exceeded',
      ),
      code: 'upstream_request_over_limit',
      source: 'https://github.com/vanderschaarlab/climb/issues/1',
    },
    {
      what: 'quota used up',
      status: 429,
      body: errorBody(
        'You exceeded your current quota, please check your plan and billing details.',
        'insufficient_quota',
        'insufficient_quota',
      ),
      code: 'upstream_quota_exceeded',
      source: CODES,
    },
    {
      what: 'limit in the middle of a stream',
      status: 429,
      format: 'responses',
      body: errorBody('Rate limit reached for gpt-5. Please try again in 11.054s.', 'tokens', 'rate_limit_exceeded'),
      frame: {
        event: 'response.failed',
        data: {
          type: 'response.failed',
          response: {
            id: 'resp_1',
            status: 'failed',
            error: { code: 'rate_limit_exceeded', message: 'Rate limit reached for gpt-5. Please try again in 11.054s.' },
          },
        },
      },
      code: 'upstream_rate_limited',
      retryAfterMs: 11_054,
      source: EVENTS,
    },
    {
      what: 'overloaded',
      status: 503,
      format: 'responses',
      body: errorBody(
        'Our servers are currently overloaded. Please try again later.',
        'service_unavailable_error',
        'server_is_overloaded',
      ),
      frame: {
        data: {
          type: 'response.failed',
          response: {
            id: 'resp_1',
            status: 'failed',
            error: { code: 'server_is_overloaded', message: 'Our servers are currently overloaded. Please try again later.' },
          },
        },
      },
      code: 'upstream_overloaded',
      source: CODES,
    },
    {
      what: 'prompt against the usage policy',
      status: 400,
      body: errorBody(
        'Invalid prompt: your prompt was flagged as potentially violating our usage policy.',
        'invalid_request_error',
        'invalid_prompt',
      ),
      code: 'upstream_content_filtered',
      source: CODES,
    },
    {
      what: 'image larger than it may be',
      status: 400,
      body: errorBody(
        'Image exceeds the maximum allowed size of 20 MB. Please upload a smaller image.',
        'invalid_request_error',
        'image_too_large',
        'messages',
      ),
      code: 'upstream_invalid_request',
      source: EVENTS,
    },
    {
      what: 'server error',
      status: 500,
      body: errorBody('The server had an error while processing your request. Sorry about that!', 'server_error'),
      frame: {
        data: {
          error: {
            message: 'The server had an error while processing your request.',
            type: 'server_error',
            param: null,
            code: null,
          },
        },
      },
      code: 'upstream_server_error',
      source: CODES,
    },
  ],
}
