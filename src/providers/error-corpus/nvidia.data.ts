import type { ProviderErrors } from './error-case.ts'

const THREADS = 'https://github.com/Alishahryar1/free-claude-code/issues'

/** Problem details (RFC 9457) of the hosting layer; behind it the models' servers answer as vLLM does. */
const problem = (status: number, title: string, detail?: string): unknown => ({
  status,
  title,
  ...(detail === undefined ? {} : { detail }),
})

export const NVIDIA_ERRORS: ProviderErrors = {
  provider: 'nvidia',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: {
        object: 'error',
        message:
          "This model's maximum context length is 32768 tokens. However, you requested 41648 tokens (37552 in the messages, 4096 in the completion). Please reduce the length of the messages or completion.",
        type: 'BadRequestError',
        param: null,
        code: 400,
      },
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 37_552, outputTokens: 4_096, windowTokens: 32_768 },
      source: 'https://docs.nvidia.com/nim/large-language-models/latest/api-reference.html',
    },
    {
      what: 'function that is degraded',
      status: 400,
      body: problem(400, 'Bad Request', "Function id 'f': DEGRADED function cannot be invoked"),
      code: 'upstream_overloaded',
      source: 'https://github.com/tashfeenahmed/freellmapi/issues/522',
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: problem(401, 'Unauthorized', 'Authentication failed'),
      code: 'upstream_authentication',
      source: 'https://docs.api.nvidia.com/nim/reference/llm-apis',
    },
    {
      what: 'credits that have expired',
      status: 402,
      body: problem(402, 'Payment Required', "Account 'a': Cloud credits expired - Please contact NVIDIA representatives"),
      code: 'upstream_payment_required',
      source: 'https://docs.api.nvidia.com/nim/reference/llm-apis',
    },
    {
      what: 'account without the right',
      status: 403,
      body: problem(403, 'Forbidden', 'Authorization failed'),
      code: 'upstream_permission',
      source: 'https://docs.api.nvidia.com/nim/reference/llm-apis',
    },
    {
      what: 'model that is gone for the account',
      status: 404,
      body: problem(404, 'Not Found', "Function 'f': Not found for account 'a'"),
      code: 'upstream_model_not_found',
      source: `${THREADS}/1021`,
    },
    {
      what: 'model that was taken away',
      status: 410,
      body: problem(410, 'Gone', 'The model has reached its end of life.'),
      code: 'upstream_model_not_found',
      source: `${THREADS}/1401`,
    },
    {
      what: 'too many requests, with a title only',
      status: 429,
      body: problem(429, 'Too Many Requests'),
      frame: { event: 'error', data: problem(429, 'Too Many Requests') },
      code: 'upstream_rate_limited',
      source: `${THREADS}/1485`,
    },
    {
      what: 'timed out',
      status: 504,
      body: problem(504, 'Gateway Timeout'),
      code: 'upstream_timeout',
      source: `${THREADS}/349`,
    },
  ],
}
