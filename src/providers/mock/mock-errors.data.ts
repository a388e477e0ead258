/** What real upstreams say with a status; `type` and `code` in OpenAI's words, Anthropic's follow from the status. */
export interface MockError {
  readonly message: string
  readonly type: string
  readonly code?: string | undefined
  /** Seconds for `retry-after`. */
  readonly retryAfter?: number | undefined
}

const MOCK_ERRORS: Readonly<Record<number, MockError>> = {
  400: { message: 'The request is invalid (scripted by the mock provider).', type: 'invalid_request_error' },
  401: {
    message: 'The API key is invalid (scripted by the mock provider).',
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  },
  402: {
    message: 'The account has no credit left (scripted by the mock provider).',
    type: 'insufficient_quota',
    code: 'insufficient_quota',
  },
  403: { message: 'The key may not do this (scripted by the mock provider).', type: 'permission_error' },
  404: {
    message: 'The model does not exist (scripted by the mock provider).',
    type: 'invalid_request_error',
    code: 'model_not_found',
  },
  408: { message: 'The request timed out (scripted by the mock provider).', type: 'timeout_error' },
  413: { message: 'The request is too large (scripted by the mock provider).', type: 'invalid_request_error' },
  422: { message: 'The request cannot be processed (scripted by the mock provider).', type: 'invalid_request_error' },
  429: {
    message: 'The rate limit is reached (scripted by the mock provider).',
    type: 'requests',
    code: 'rate_limit_exceeded',
    retryAfter: 2,
  },
  500: { message: 'The server had an error (scripted by the mock provider).', type: 'server_error' },
  502: { message: 'Bad gateway (scripted by the mock provider).', type: 'server_error' },
  503: {
    message: 'The model is overloaded (scripted by the mock provider).',
    type: 'server_error',
    code: 'service_unavailable',
    retryAfter: 1,
  },
  504: { message: 'The server took too long (scripted by the mock provider).', type: 'server_error' },
  529: { message: 'Overloaded (scripted by the mock provider).', type: 'overloaded_error', retryAfter: 1 },
}

/** The nearest general error of a status that has none of its own. */
export function mockError(status: number): MockError {
  return (
    MOCK_ERRORS[status] ?? {
      ...(MOCK_ERRORS[status >= 500 ? 500 : 400] as MockError),
      message: `Status ${status} (scripted by the mock provider).`,
    }
  )
}
