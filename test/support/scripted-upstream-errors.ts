import type { EventFormat } from './client-formats.ts'
import { Refusal } from './scripted-upstream-script.ts'

interface Wording {
  readonly status: number
  readonly type: string
  readonly code?: string
  readonly param?: string
  readonly message: string
  readonly headers?: Record<string, string>
}

const OPENAI: Readonly<Record<string, Wording>> = {
  'fail-400': {
    status: 400,
    type: 'invalid_request_error',
    param: 'temperature',
    code: 'decimal_above_max_value',
    message: "Invalid 'temperature': too large.",
  },
  'fail-401': {
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message: 'Incorrect API key provided: sk-up****chat.',
  },
  'fail-429': {
    status: 429,
    type: 'tokens',
    code: 'rate_limit_exceeded',
    message: 'Rate limit reached on tokens per min.',
    headers: { 'retry-after': '7' },
  },
  'fail-500': { status: 500, type: 'server_error', message: 'The server had an error while processing your request.' },
  'fail-overloaded': {
    status: 503,
    type: 'service_unavailable_error',
    code: 'server_is_overloaded',
    message: 'The engine is overloaded.',
  },
  'fail-context': {
    status: 400,
    type: 'invalid_request_error',
    param: 'messages',
    code: 'context_length_exceeded',
    message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
  },
}

const ANTHROPIC: Readonly<Record<string, Wording>> = {
  'fail-400': { status: 400, type: 'invalid_request_error', message: 'temperature: Input should be less than or equal to 1' },
  'fail-401': { status: 401, type: 'authentication_error', message: 'invalid x-api-key' },
  'fail-429': {
    status: 429,
    type: 'rate_limit_error',
    message: 'This request would exceed your rate limit.',
    headers: { 'retry-after': '7' },
  },
  'fail-500': { status: 500, type: 'api_error', message: 'Internal server error' },
  'fail-overloaded': { status: 529, type: 'overloaded_error', message: 'Overloaded' },
  'fail-context': { status: 400, type: 'invalid_request_error', message: 'prompt is too long: 208310 tokens > 200000 maximum' },
}

const GEMINI: Readonly<Record<string, Wording>> = {
  'fail-400': {
    status: 400,
    type: 'INVALID_ARGUMENT',
    param: 'generation_config.temperature',
    message:
      'Unable to submit request because it has a temperature value of 3 but the supported range is from 0 (inclusive) to 2.0001 (exclusive).',
  },
  'fail-401': {
    status: 400,
    type: 'INVALID_ARGUMENT',
    code: 'API_KEY_INVALID',
    message: 'API key not valid. Please pass a valid API key.',
  },
  'fail-429': {
    status: 429,
    type: 'RESOURCE_EXHAUSTED',
    message: 'You exceeded your current quota, please check your plan and billing details. Please retry in 7s.',
  },
  'fail-500': { status: 500, type: 'INTERNAL', message: 'An internal error has occurred.' },
  'fail-overloaded': { status: 503, type: 'UNAVAILABLE', message: 'The model is overloaded. Please try again later.' },
  'fail-context': {
    status: 400,
    type: 'INVALID_ARGUMENT',
    message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
  },
}

const WORDINGS: Readonly<Record<EventFormat, Readonly<Record<string, Wording>>>> = {
  openai: OPENAI,
  responses: OPENAI,
  anthropic: ANTHROPIC,
  gemini: GEMINI,
}

/** How a vendor words the failure that a model of this name always has. */
export function wordingOf(format: EventFormat, model: string): Wording | undefined {
  return WORDINGS[format][model]
}

/** The failure that a model of this name always has. */
export function scriptedFailure(format: EventFormat, model: string): Refusal | undefined {
  const wording = wordingOf(format, model)
  return wording === undefined ? undefined : new Refusal(wording.message, wording)
}
