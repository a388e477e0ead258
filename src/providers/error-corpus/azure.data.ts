import { errorBody, type ProviderErrors } from './error-case.ts'

const QUOTA = 'https://learn.microsoft.com/en-us/azure/ai-foundry/openai/how-to/quota'
const FAQ = 'https://learn.microsoft.com/en-us/azure/ai-foundry/openai/faq'

export const AZURE_ERRORS: ProviderErrors = {
  provider: 'azure',
  format: 'openai',
  cases: [
    {
      what: 'content filter',
      status: 400,
      body: {
        error: {
          message:
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.",
          type: null,
          param: 'prompt',
          code: 'content_filter',
          status: 400,
          innererror: {
            code: 'ResponsibleAIPolicyViolation',
            content_filter_result: { hate: { filtered: true, severity: 'high' } },
          },
        },
      },
      frame: {
        data: {
          error: {
            message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            type: null,
            param: 'prompt',
            code: 'content_filter',
            status: 400,
          },
        },
      },
      code: 'upstream_content_filtered',
      source: 'https://github.com/tatsu-lab/alpaca_eval/issues/227',
    },
    {
      what: 'prompt longer than the context',
      status: 400,
      body: errorBody(
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 204308 tokens. Please reduce the length of the messages.",
        'invalid_request_error',
        'context_length_exceeded',
        'messages',
      ),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 204_308, windowTokens: 128_000 },
      source: 'https://github.com/webtimemachine/wtm2/issues/579',
    },
    {
      what: 'key of another resource',
      status: 401,
      body: {
        error: {
          code: '401',
          message:
            'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
        },
      },
      code: 'upstream_authentication',
      source: FAQ,
    },
    {
      what: 'network that may not call',
      status: 403,
      body: { error: { code: '403', message: 'Access denied due to Virtual Network/Firewall rules.' } },
      code: 'upstream_permission',
      source: 'https://learn.microsoft.com/en-us/azure/ai-services/cognitive-services-virtual-networks',
    },
    {
      what: 'deployment that does not exist',
      status: 404,
      body: {
        error: {
          code: 'DeploymentNotFound',
          message:
            'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.',
        },
      },
      code: 'upstream_model_not_found',
      source: FAQ,
    },
    {
      what: 'tokens of the minute used up',
      status: 429,
      headers: { 'retry-after': '6', 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '26' },
      body: {
        error: {
          code: '429',
          message:
            'Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-08-01-preview have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 6 seconds.',
        },
      },
      code: 'upstream_rate_limited',
      retryAfterMs: 6_000,
      source: 'https://github.com/langgenius/dify/issues/12709',
    },
    {
      what: 'limit that only the message explains',
      status: 429,
      headers: { 'x-ratelimit-limit-tokens': '-1', 'x-ratelimit-remaining-tokens': '-1', 'x-ratelimit-reset-tokens': '0' },
      body: {
        error: {
          code: 'RateLimitReached',
          message: 'Your requests have exceeded token rate limit. Please retry after 26 seconds.',
        },
      },
      code: 'upstream_rate_limited',
      retryAfterMs: 26_000,
      source: 'https://learn.microsoft.com/en-us/answers/questions/5625878/azure-openai-responses-api-x-ratelimit-headers-val',
    },
    {
      what: 'no capacity at a busy hour',
      status: 429,
      body: errorBody(
        'The system is currently experiencing high demand and cannot process your request. Your request exceeds the maximum usage size allowed during peak load. Please retry after 20 seconds.',
        'too_many_requests',
        'too_many_requests',
      ),
      code: 'upstream_overloaded',
      retryAfterMs: 20_000,
      source: 'https://github.com/pollinations/pollinations/issues/6260',
    },
    {
      what: 'timed out',
      status: 408,
      body: { error: { code: 'Timeout', message: 'The operation was timeout.' } },
      code: 'upstream_timeout',
      source: QUOTA,
    },
    {
      what: 'server error',
      status: 500,
      body: {
        error: {
          code: 'InternalServerError',
          message: 'Backend returned unexpected response. Please contact Microsoft for help.',
        },
      },
      code: 'upstream_server_error',
      source: FAQ,
    },
  ],
}
