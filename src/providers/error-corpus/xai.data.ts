import type { ProviderErrors } from './error-case.ts'

const DEBUGGING = 'https://docs.x.ai/docs/key-information/debugging'
const WRONG = 'Client specified an invalid argument'

/** The sentence stands in `error`, the kind in words in `code`. */
export const XAI_ERRORS: ProviderErrors = {
  provider: 'xai',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: { code: WRONG, error: "This model's maximum prompt length is 131072 but the request contains 149617 tokens." },
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 149_617, windowTokens: 131_072 },
      source: DEBUGGING,
    },
    {
      what: 'key that does not exist',
      status: 400,
      body: { code: WRONG, error: 'Incorrect API key provided: na***ys. You can obtain an API key from https://console.x.ai.' },
      code: 'upstream_authentication',
      source: 'https://github.com/continuedev/continue/issues/10778',
    },
    {
      what: 'field that the model does not take',
      status: 400,
      body: { code: WRONG, error: 'Argument not supported on this model: presencePenalty' },
      code: 'upstream_invalid_request',
      source: DEBUGGING,
    },
    {
      what: 'no credentials',
      status: 401,
      body: { code: 'unauthenticated', error: 'No authorization header or an invalid authorization token was provided.' },
      code: 'upstream_authentication',
      source: DEBUGGING,
    },
    {
      what: 'no credit',
      status: 403,
      body: { code: 'permission-denied', error: 'You have run out of credits or need a Grok subscription.' },
      code: 'upstream_payment_required',
      source: 'https://github.com/Wei-Shaw/sub2api/issues/4069',
    },
    {
      what: 'content filter',
      status: 403,
      body: {
        code: 'The caller does not have permission',
        error: 'Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_VIOLENCE',
      },
      code: 'upstream_content_filtered',
      source: DEBUGGING,
    },
    {
      what: 'model that does not exist',
      status: 404,
      body: {
        code: 'Some requested entity was not found',
        error: 'The model grok-9 does not exist or your team does not have access to it.',
      },
      code: 'upstream_model_not_found',
      source: DEBUGGING,
    },
    {
      what: 'credits or spending limit used up',
      status: 429,
      body: {
        code: 'Some resource has been exhausted',
        error:
          'Your team t has either used all available credits or reached its monthly spending limit. To continue making API requests, please purchase more credits or raise your spending limit.',
      },
      code: 'upstream_payment_required',
      source: 'https://github.com/continuedev/continue/issues/10373',
    },
    {
      what: 'too many requests',
      status: 429,
      body: { code: 'Some resource has been exhausted', error: 'Too many requests for team t and model grok-4.' },
      code: 'upstream_rate_limited',
      source: 'https://docs.x.ai/docs/key-information/consumption-and-rate-limits',
    },
    {
      what: 'overloaded',
      status: 503,
      body: {
        code: 'The service is currently unavailable',
        error: 'The model is currently at capacity. Please try again later.',
      },
      frame: {
        data: {
          code: 'The service is currently unavailable',
          error: 'The model is currently at capacity. Please try again later.',
        },
      },
      code: 'upstream_overloaded',
      source: DEBUGGING,
    },
  ],
}
