import type { WireFormat } from '../../src/ir/wire-format.ts'
import type { AnswerFacts } from './upstream-answers.ts'
import {
  chatAnswer,
  chatStream,
  geminiAnswer,
  geminiStream,
  messagesAnswer,
  messagesStream,
  responsesAnswer,
  responsesStream,
  jsonReply,
  sseReply,
} from './upstream-answers.ts'
import type { Reply } from './fake-upstream.ts'

type Json = Record<string, unknown>

/** An error envelope, read the way a client of the format does. */
export interface SeenError {
  readonly type: unknown
  readonly code: unknown
  readonly message: string
  readonly requestId: unknown
}

/** One of the formats, as its clients and upstreams see it. */
export interface ClientFormat {
  readonly format: WireFormat
  readonly path: string
  readonly idHeader: string
  /** The shortest proper call. */
  call(model: string, extra?: Json): Json
  textOf(answer: unknown): string
  /** Text of the deltas of a stream. */
  streamText(stream: string): string
  /** Whether the stream holds the format's own end. */
  hasEnd(stream: string): boolean
  errorOf(body: unknown): SeenError
  /** The error told inside a stream, undefined without one. */
  inBandError(stream: string): { readonly message: string; readonly type: unknown } | undefined
  whole(facts?: AnswerFacts): Json
  frames(facts?: AnswerFacts): string[]
  /** An upstream's error body. */
  error(type: string, message: string, code?: string): Json
  /** A failure inside a stream. */
  errorFrame(type: string, message: string, code?: string): string
}

const dataOf = (stream: string): Json[] =>
  stream
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as Json)

const at = (value: unknown, ...path: (string | number)[]): any => path.reduce<any>((inner, key) => inner?.[key], value)
const joined = (pieces: unknown[]): string => pieces.filter((piece) => typeof piece === 'string').join('')
const openAiError = (body: unknown): SeenError => {
  const error = at(body, 'error')
  return { type: error.type, code: error.code, message: error.message, requestId: error.request_id }
}

export const CHAT: ClientFormat = {
  format: 'openai',
  path: '/v1/chat/completions',
  idHeader: 'x-request-id',
  call: (model, extra = {}) => ({ model, messages: [{ role: 'user', content: 'hi' }], ...extra }),
  textOf: (answer) => at(answer, 'choices', 0, 'message', 'content'),
  streamText: (stream) => joined(dataOf(stream).map((chunk) => at(chunk, 'choices', 0, 'delta', 'content'))),
  hasEnd: (stream) => stream.endsWith('data: [DONE]\n\n'),
  errorOf: openAiError,
  inBandError: (stream) =>
    at(
      dataOf(stream).find((chunk) => chunk['error'] !== undefined),
      'error',
    ),
  whole: chatAnswer,
  frames: chatStream,
  error: (type, message, code) => ({ error: { type, message, code: code ?? null, param: null } }),
  errorFrame: (type, message, code) => `data: ${JSON.stringify({ error: { type, message, code: code ?? null } })}\n\n`,
}

export const RESPONSES: ClientFormat = {
  format: 'responses',
  path: '/v1/responses',
  idHeader: 'x-request-id',
  call: (model, extra = {}) => ({ model, input: 'hi', ...extra }),
  textOf: (answer) => at(answer, 'output', 0, 'content', 0, 'text'),
  streamText: (stream) =>
    joined(
      dataOf(stream)
        .filter(({ type }) => type === 'response.output_text.delta')
        .map(({ delta }) => delta),
    ),
  hasEnd: (stream) => stream.includes('event: response.completed\n'),
  errorOf: openAiError,
  inBandError: (stream) => {
    const failed = dataOf(stream).find(({ type }) => type === 'response.failed' || type === 'error')
    const error = at(failed, 'response', 'error') ?? at(failed, 'error') ?? failed
    return error === undefined ? undefined : { message: error.message, type: error.code ?? error.type }
  },
  whole: responsesAnswer,
  frames: responsesStream,
  error: (type, message, code) => ({ error: { type, message, code: code ?? null, param: null } }),
  errorFrame: (type, message, code) =>
    `event: error\ndata: ${JSON.stringify({ type: 'error', sequence_number: 1, code: code ?? type, message, param: null })}\n\n`,
}

export const MESSAGES: ClientFormat = {
  format: 'anthropic',
  path: '/v1/messages',
  idHeader: 'request-id',
  call: (model, extra = {}) => ({ model, max_tokens: 100, messages: [{ role: 'user', content: 'hi' }], ...extra }),
  textOf: (answer) => at(answer, 'content', 0, 'text'),
  streamText: (stream) => joined(dataOf(stream).map((event) => at(event, 'delta', 'text'))),
  hasEnd: (stream) => stream.includes('event: message_stop\n'),
  errorOf: (body) => {
    const error = at(body, 'error')
    return { type: error.type, code: error.details?.error_code, message: error.message, requestId: at(body, 'request_id') }
  },
  inBandError: (stream) =>
    at(
      dataOf(stream).find(({ type }) => type === 'error'),
      'error',
    ),
  whole: messagesAnswer,
  frames: messagesStream,
  error: (type, message) => ({ type: 'error', error: { type, message } }),
  errorFrame: (type, message) => `event: error\ndata: ${JSON.stringify({ type: 'error', error: { type, message } })}\n\n`,
}

const typed = (error: any, name: string): any =>
  (error.details ?? []).find((entry: Json) => entry['@type'] === `type.googleapis.com/google.rpc.${name}`)

/** Model and manner stand in the path, which `googlePath` makes of the body; without it they are read from the body. */
export const GEMINI: ClientFormat = {
  format: 'gemini',
  path: '/v1beta/models',
  idHeader: 'x-request-id',
  call: (model, extra = {}) => ({ model, contents: [{ role: 'user', parts: [{ text: 'hi' }] }], ...extra }),
  textOf: (answer) => at(answer, 'candidates', 0, 'content', 'parts', 0, 'text'),
  streamText: (stream) => joined(dataOf(stream).map((chunk) => at(chunk, 'candidates', 0, 'content', 'parts', 0, 'text'))),
  hasEnd: (stream) => dataOf(stream).some((chunk) => at(chunk, 'candidates', 0, 'finishReason') !== undefined),
  errorOf: (body) => {
    const error = at(body, 'error')
    const [reason, id] = [typed(error, 'ErrorInfo'), typed(error, 'RequestInfo')]
    return { type: error.status, code: reason?.reason, message: error.message, requestId: id?.requestId }
  },
  inBandError(stream) {
    const error = at(
      dataOf(stream).find((chunk) => chunk['error'] !== undefined),
      'error',
    )
    return error === undefined ? undefined : { message: error.message, type: error.status }
  },
  whole: geminiAnswer,
  frames: geminiStream,
  error: (type, message) => ({ error: { message, status: type } }),
  errorFrame: (type, message) => `data: ${JSON.stringify({ error: { message, status: type } })}\n\n`,
}

export const CLIENT_FORMATS: readonly ClientFormat[] = [CHAT, RESPONSES, MESSAGES]

/** An upstream of the format that serves: whole or streamed, as it is asked. */
export const serving =
  (format: ClientFormat, facts: AnswerFacts = {}) =>
  ({ text }: { readonly text: string }): Reply =>
    (JSON.parse(text) as Json)['stream'] === true ? sseReply(format.frames(facts)) : jsonReply(format.whole(facts))

/** An upstream of the format that refuses. */
export const refusing = (
  format: ClientFormat,
  status: number,
  options: { type?: string; message?: string; code?: string; headers?: Record<string, string> } = {},
): Reply =>
  jsonReply(
    format.error(options.type ?? 'api_error', options.message ?? 'the upstream said no', options.code),
    status,
    options.headers ?? {},
  )
