import type { ProviderErrors } from './error-case.ts'

const GEMINI = 'https://ai.google.dev/gemini-api/docs/troubleshooting'
const VERTEX = 'https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors'
const VERTEX_429 = 'https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429'

interface GoogleError {
  readonly error: Readonly<Record<string, unknown>>
}

const google = (code: number, status: string, message: string, details?: readonly unknown[]): GoogleError => ({
  error: { code, message, status, ...(details === undefined ? {} : { details }) },
})

const TOO_LONG = 'The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).'
const OVER_QUOTA = 'You exceeded your current quota, please check your plan and billing details. Please retry in 36.074s.'
const RETRY_INFO = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36s' }
const KEY_INFO = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' }

/** The address that is compatible with OpenAI wraps the native object into a list, or does not. */
export const GEMINI_COMPATIBLE_ERRORS: ProviderErrors = {
  provider: 'gemini, compatible address',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context, compatible address',
      status: 400,
      body: [google(400, 'INVALID_ARGUMENT', TOO_LONG)],
      frame: { data: [google(400, 'INVALID_ARGUMENT', TOO_LONG)] },
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 1_200_293, windowTokens: 1_048_576 },
      source: 'https://github.com/google-gemini/gemini-cli/issues/6678',
    },
    {
      what: 'prompt longer than the context, native shape',
      status: 400,
      body: google(400, 'INVALID_ARGUMENT', TOO_LONG),
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 1_200_293, windowTokens: 1_048_576 },
      source: 'https://github.com/google-gemini/gemini-cli/issues/6678',
    },
    {
      what: 'field that is wrong',
      status: 400,
      body: google(400, 'INVALID_ARGUMENT', 'Invalid value at generation_config.max_output_tokens, must be positive'),
      code: 'upstream_invalid_request',
      source: GEMINI,
    },
    {
      what: 'key that does not exist',
      status: 400,
      body: [google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [KEY_INFO])],
      code: 'upstream_authentication',
      source: GEMINI,
    },
    {
      what: 'key that does not exist, in another language',
      status: 400,
      body: google(400, 'INVALID_ARGUMENT', 'Clave no válida.', [KEY_INFO]),
      code: 'upstream_authentication',
      source: 'https://cloud.google.com/apis/design/errors',
    },
    {
      what: 'key without the right',
      status: 403,
      body: google(403, 'PERMISSION_DENIED', 'Permission denied on resource project x.'),
      code: 'upstream_permission',
      source: GEMINI,
    },
    {
      what: 'model that does not exist',
      status: 404,
      body: google(
        404,
        'NOT_FOUND',
        'models/gemini-9 is not found for API version v1beta, or is not supported for generateContent.',
      ),
      code: 'upstream_model_not_found',
      source: GEMINI,
    },
    {
      what: 'quota used up, with a time in the details',
      status: 429,
      body: [
        google(429, 'RESOURCE_EXHAUSTED', OVER_QUOTA, [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure' }, RETRY_INFO]),
      ],
      code: 'upstream_quota_exceeded',
      retryAfterMs: 36_000,
      source: GEMINI,
    },
    {
      what: 'limit without a reason',
      status: 429,
      body: google(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'),
      frame: { data: google(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).') },
      code: 'upstream_rate_limited',
      source: 'https://github.com/continuedev/continue/issues/10560',
    },
    {
      what: 'overloaded',
      status: 503,
      body: google(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
      frame: { data: [google(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.')] },
      code: 'upstream_overloaded',
      source: 'https://github.com/google-gemini/deprecated-generative-ai-android/issues/220',
    },
    {
      what: 'server error',
      status: 500,
      body: google(500, 'INTERNAL', 'An internal error has occurred. Please retry.'),
      code: 'upstream_server_error',
      source: GEMINI,
    },
    {
      what: 'deadline passed',
      status: 504,
      body: google(504, 'DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'),
      code: 'upstream_timeout',
      source: GEMINI,
    },
  ],
}

/** The same refusals, and those that only its own format knows. */
export const GEMINI_ERRORS: ProviderErrors = {
  provider: 'gemini',
  format: 'gemini',
  cases: [
    ...GEMINI_COMPATIBLE_ERRORS.cases,
    {
      what: 'call without its signature',
      status: 400,
      body: google(400, 'INVALID_ARGUMENT', 'Function call is missing a thought_signature in functionCall parts.'),
      code: 'upstream_invalid_request',
      source: 'https://ai.google.dev/gemini-api/docs/thought-signatures',
    },
    {
      what: 'results that are not as many as calls',
      status: 400,
      body: google(
        400,
        'INVALID_ARGUMENT',
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      ),
      code: 'upstream_invalid_request',
      source: 'https://ai.google.dev/gemini-api/docs/function-calling',
    },
    {
      what: 'limit with a time, in the middle of a stream',
      status: 429,
      body: google(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).', [RETRY_INFO]),
      frame: { data: google(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).', [RETRY_INFO]) },
      code: 'upstream_rate_limited',
      retryAfterMs: 36_000,
      source: GEMINI,
    },
  ],
}

const NO_MODEL =
  'Publisher Model `projects/p/locations/us-central1/publishers/google/models/gemini-9` was not found or your project does not have access to it.'

/** Google's models in the compatible format, and Anthropic's models, whose own errors come through as they are. */
export const VERTEX_ERRORS: ProviderErrors = {
  provider: 'vertex',
  format: 'openai',
  cases: [
    {
      what: 'prompt longer than the context',
      status: 400,
      body: [
        google(
          400,
          'INVALID_ARGUMENT',
          'The input token count (1,048,600) exceeds the maximum number of tokens allowed (1,048,575).',
        ),
      ],
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 1_048_600, windowTokens: 1_048_575 },
      source: VERTEX,
    },
    {
      what: 'prompt longer than the context of a Claude model',
      status: 400,
      format: 'anthropic',
      body: {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'Prompt is too long: 201000 tokens > 200000 maximum' },
      },
      code: 'upstream_context_too_long',
      overflow: { promptTokens: 201_000, windowTokens: 200_000 },
      source: 'https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude',
    },
    {
      what: 'token that has expired',
      status: 401,
      body: google(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials. Expected OAuth 2 access token.'),
      code: 'upstream_authentication',
      source: VERTEX,
    },
    {
      what: 'account without the right',
      status: 403,
      body: google(403, 'PERMISSION_DENIED', "Permission 'aiplatform.endpoints.predict' denied on resource."),
      code: 'upstream_permission',
      source: VERTEX,
    },
    {
      what: 'model that the project does not have',
      status: 404,
      body: [google(404, 'NOT_FOUND', NO_MODEL)],
      code: 'upstream_model_not_found',
      source: VERTEX,
    },
    {
      what: 'Claude model that the project does not have',
      status: 404,
      format: 'anthropic',
      body: [google(404, 'NOT_FOUND', NO_MODEL)],
      code: 'upstream_model_not_found',
      source: VERTEX,
    },
    {
      what: 'no capacity left',
      status: 429,
      body: [
        google(
          429,
          'RESOURCE_EXHAUSTED',
          'Resource exhausted. Please try again later. Please refer to the page on error code 429.',
        ),
      ],
      code: 'upstream_rate_limited',
      source: VERTEX_429,
    },
    {
      what: 'quota of the minute used up, Claude model',
      status: 429,
      format: 'anthropic',
      body: google(
        429,
        'RESOURCE_EXHAUSTED',
        'Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model.',
      ),
      code: 'upstream_quota_exceeded',
      source: VERTEX_429,
    },
    {
      what: 'overloaded, Claude model',
      status: 529,
      format: 'anthropic',
      body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      frame: { event: 'error', data: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } },
      code: 'upstream_overloaded',
      source: 'https://platform.claude.com/docs/en/api/errors',
    },
    {
      what: 'server error',
      status: 500,
      body: google(500, 'INTERNAL', 'Internal error encountered.'),
      code: 'upstream_server_error',
      source: VERTEX,
    },
  ],
}
