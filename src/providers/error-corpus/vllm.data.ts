import type { ProviderErrors } from './error-case.ts'

const SERVER = 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html'

const body = (message: string, type: string, code: number, param: string | null = null): unknown => ({
  error: { message, type, param, code },
})

export const VLLM_ERRORS: ProviderErrors = {
  provider: 'vllm',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context, newer words',
      status: 400,
      body: body(
        "You passed 1015 input tokens and requested 10 output tokens. However, the model's context length is only 1024 tokens, resulting in a maximum input length of 1014 tokens. Please reduce the length of the input prompt.",
        'BadRequestError',
        400,
        'input_tokens',
      ),
      frame: {
        data: body(
          "You passed 1015 input tokens and requested 10 output tokens. However, the model's context length is only 1024 tokens.",
          'BadRequestError',
          400,
        ),
      },
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 1_015, outputTokens: 10, windowTokens: 1_024 },
      source: 'https://github.com/harbor-framework/harbor/pull/996',
    },
    {
      what: 'prompt longer than the context, older words and shape',
      status: 400,
      body: {
        object: 'error',
        message:
          "This model's maximum context length is 32768 tokens. However, you requested 41648 tokens (37552 in the messages, 4096 in the completion). Please reduce the length of the messages or completion. None",
        type: 'BadRequestError',
        param: null,
        code: 400,
      },
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 37_552, outputTokens: 4_096, windowTokens: 32_768 },
      source: 'https://github.com/HKUSTDial/Alpha-SQL/issues/5',
    },
    {
      what: 'answer that leaves no room for the prompt',
      status: 400,
      body: body(
        "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 tokens and your request has 100 input tokens (5000 > 4096 - 100).",
        'BadRequestError',
        400,
      ),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 100, outputTokens: 5_000, windowTokens: 4_096 },
      source: SERVER,
    },
    {
      what: 'field that is wrong',
      status: 400,
      body: body('temperature must be non-negative, got -1.0.', 'BadRequestError', 400),
      code: 'upstream_invalid_request',
      source: SERVER,
    },
    {
      what: 'finding of the validation',
      status: 422,
      body: { detail: [{ loc: ['body', 'messages'], msg: 'Field required', type: 'missing' }] },
      code: 'upstream_invalid_request',
      source: SERVER,
    },
    {
      what: 'key that does not exist',
      status: 401,
      body: { error: 'Unauthorized' },
      code: 'upstream_authentication',
      source: SERVER,
    },
    {
      what: 'model that is not served',
      status: 404,
      body: body('The model `x` does not exist.', 'NotFoundError', 404, 'model'),
      code: 'upstream_model_not_found',
      source: SERVER,
    },
    {
      what: 'engine that has died',
      status: 500,
      body: body('EngineCore encountered an issue. See stack trace for the root cause.', 'InternalServerError', 500),
      frame: { data: body('EngineCore encountered an issue. See stack trace for the root cause.', 'InternalServerError', 500) },
      code: 'upstream_server_error',
      source: 'https://github.com/vllm-project/vllm/issues/10002',
    },
    {
      what: 'prompt longer than the context of llama.cpp',
      status: 400,
      body: {
        error: {
          code: 400,
          message: 'request (41000 tokens) exceeds the available context size (32768 tokens), try increasing it',
          type: 'exceed_context_size_error',
          n_prompt_tokens: 41_000,
          n_ctx: 32_768,
        },
      },
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 41_000, windowTokens: 32_768 },
      source: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
    },
    {
      what: 'prompt longer than the context of LM Studio',
      status: 400,
      body: {
        error:
          'Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded with context length of only 32768 tokens, which is not enough.',
      },
      code: 'upstream_context_too_long',
      overflow: { windowTokens: 32_768 },
      source: 'https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/546',
    },
    {
      what: 'llama.cpp still loading its model',
      status: 503,
      body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
      code: 'upstream_overloaded',
      source: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
    },
  ],
}
