import { errorBody, type ProviderErrors } from './error-case.ts'

const API = 'https://docs.perplexity.ai/api-reference/chat-completions-post'
const LIMITS = 'https://docs.perplexity.ai/guides/usage-tiers'

export const PERPLEXITY_ERRORS: ProviderErrors = {
  provider: 'perplexity',
  format: 'openai',
  cases: [
    {
      what: 'model that does not exist',
      status: 400,
      body: errorBody(
        "Invalid model 'sonar-9'. Permitted models can be found in the documentation at https://docs.perplexity.ai/getting-started/models.",
        'invalid_model',
        400,
      ),
      code: 'upstream_model_not_found',
      source: 'https://github.com/perplexityai/api-discussion/issues/262',
    },
    {
      what: 'roles in an order that is not allowed',
      status: 400,
      body: errorBody(
        'After the (optional) system message(s), user or tool message(s) should alternate with assistant message(s).',
        'invalid_message',
        400,
      ),
      code: 'upstream_invalid_request',
      source: 'https://github.com/serac-labs/serac/issues/53',
    },
    {
      what: 'limit of the answer that is too low',
      status: 400,
      body: errorBody('max_tokens must be at least 16 for sonar.', 'invalid_parameter', 400),
      code: 'upstream_invalid_request',
      source: 'https://github.com/ITSpecialist111/ai_automation_suggester/issues/171',
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: errorBody(
        'Invalid API key provided. You can find your API key at https://www.perplexity.ai/settings/api.',
        'invalid_api_key',
        401,
      ),
      code: 'upstream_authentication',
      source: API,
    },
    {
      what: 'quota used up, told with a 401',
      status: 401,
      body: errorBody('You exceeded your current quota, please check your plan and billing details.', 'insufficient_quota', 401),
      code: 'upstream_quota_exceeded',
      source: API,
    },
    {
      what: 'too many requests',
      status: 429,
      body: errorBody('Request rate limit exceeded, please try again later.', 'rate_limit_exceeded', 429),
      code: 'upstream_rate_limited',
      source: LIMITS,
    },
    {
      what: 'server error without a body',
      status: 500,
      code: 'upstream_server_error',
      source: API,
    },
  ],
}
