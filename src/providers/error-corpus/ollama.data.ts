import { errorBody, type ProviderErrors } from './error-case.ts'

const API = 'https://github.com/ollama/ollama/blob/main/docs/api.md'
const COMPATIBLE = 'https://docs.ollama.com/api/openai-compatibility'

export const OLLAMA_ERRORS: ProviderErrors = {
  provider: 'ollama',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: { error: 'the input length exceeds the context length' },
      code: 'upstream_context_too_long',
      source: API,
    },
    {
      what: 'prompt longer than the context, newer words',
      status: 400,
      body: errorBody('prompt too long; exceeded max context length by 4 tokens', 'invalid_request_error'),
      code: 'upstream_context_too_long',
      source: COMPATIBLE,
    },
    {
      what: 'prompt longer than the context of a hosted model',
      status: 400,
      body: { error: 'The prompt is too long: 325881, model maximum context length: 262144 (ref: 1)' },
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 325_881, windowTokens: 262_144 },
      source: 'https://docs.ollama.com/cloud',
    },
    {
      what: 'model without tools',
      status: 400,
      body: errorBody('registry.ollama.ai/library/x does not support tools', 'invalid_request_error'),
      code: 'upstream_invalid_request',
      source: COMPATIBLE,
    },
    {
      what: 'hosted model without a key',
      status: 401,
      body: { error: 'unauthorized' },
      code: 'upstream_authentication',
      source: 'https://docs.ollama.com/cloud',
    },
    {
      what: 'model that is not pulled, native shape',
      status: 404,
      body: { error: 'model "x" not found, try pulling it first' },
      code: 'upstream_model_not_found',
      source: API,
    },
    {
      what: 'model that is not pulled, compatible shape',
      status: 404,
      body: errorBody("model 'x' not found", 'not_found_error'),
      code: 'upstream_model_not_found',
      source: COMPATIBLE,
    },
    {
      what: 'usage of the week used up',
      status: 429,
      body: { error: 'you (x) have reached your weekly usage limit, upgrade for higher limits' },
      code: 'upstream_quota_exceeded',
      source: 'https://docs.ollama.com/cloud',
    },
    {
      what: 'model that needs more memory than there is',
      status: 500,
      body: errorBody('model requires more system memory (5.3 GiB) than is available (4.4 GiB)', 'api_error'),
      frame: {
        data: {
          error: { message: 'model requires more system memory (5.3 GiB) than is available (4.4 GiB)', type: 'api_error' },
        },
      },
      code: 'upstream_server_error',
      source: 'https://github.com/continuedev/continue/issues/12689',
    },
    {
      what: 'queue that is full',
      status: 503,
      body: { error: 'server busy, please try again.  maximum pending requests exceeded' },
      frame: { data: { error: 'server busy, please try again.  maximum pending requests exceeded' } },
      code: 'upstream_overloaded',
      source: 'https://docs.ollama.com/faq',
    },
  ],
}
