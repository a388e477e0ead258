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
  /** The limit that was reached, for machines. */
  readonly limit: unknown
}

/** Formats whose streams are server-sent events. Bedrock's binary ones have tests of their own. */
export type EventFormat = Exclude<WireFormat, 'bedrock_converse'>

/** One of the formats, as its clients and upstreams see it. */
export interface ClientFormat {
  readonly format: EventFormat
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
  return { type: error.type, code: error.code, message: error.message, requestId: error.request_id, limit: error.details?.limit }
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
    const { error_code: code, limit } = error.details ?? {}
    return { type: error.type, code, message: error.message, requestId: at(body, 'request_id'), limit }
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
    const limit = error.details?.find((entry: Json) => at(entry, 'value', 'limit') !== undefined)?.value.limit
    return { type: error.status, code: reason?.reason, message: error.message, requestId: id?.requestId, limit }
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

/** The path of a call of Google's clients, with the model and the manner that its body was given for the test. */
export function googlePath(body: unknown): string {
  const { model, stream } = membersOf(body)
  const name = typeof model === 'string' ? encodeURIComponent(model.toWellFormed()).replaceAll('%2F', '/') : 'up/m'
  return `${GEMINI.path}/${name}:${stream === true ? 'streamGenerateContent?alt=sse' : 'generateContent'}`
}

/** Where a client of the format sends the body. */
export const pathFor = (client: ClientFormat, body: unknown): string => (client === GEMINI ? googlePath(body) : client.path)

/** The format of the clients that call a path, and of the upstreams that are called there. */
export const formatAt = (path: string): ClientFormat =>
  /\/models\/[^/]+:/.test(path) ? GEMINI : (CLIENT_FORMATS.find((client) => path.startsWith(client.path)) ?? CHAT)

/** The model a request names to an upstream: in its body, or in the path. */
export const modelAsked = ({ path, json }: { readonly path: string; readonly json: unknown }): string =>
  /\/models\/([^:?]+):/.exec(path)?.[1] ?? (json as { model: string }).model

/** Hostile bodies have no members. */
function membersOf(body: unknown): Json {
  try {
    const parsed: unknown = typeof body === 'string' ? JSON.parse(body) : body
    return typeof parsed === 'object' && parsed !== null ? (parsed as Json) : {}
  } catch {
    return {}
  }
}

export const CLIENT_FORMATS: readonly ClientFormat[] = [CHAT, RESPONSES, MESSAGES, GEMINI]

/** An upstream of the format that serves: whole or streamed, as it is asked. */
export const serving =
  (format: ClientFormat, facts: AnswerFacts = {}) =>
  ({ text, path }: { readonly text: string; readonly path?: string }): Reply =>
    path?.includes(':streamGenerateContent') === true || (JSON.parse(text) as Json)['stream'] === true
      ? sseReply(format.frames(facts))
      : jsonReply(format.whole(facts))

/** The beginning of a stream: the first of its words, and not yet its end. */
export const beginning = (format: ClientFormat, facts: AnswerFacts = {}): string[] =>
  format.frames(facts).slice(0, format === CHAT ? 3 : format === GEMINI ? 2 : 5)

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
