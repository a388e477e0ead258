import { startFakeUpstream, type FakeUpstream, type RecordedRequest, type Reply, type Step } from './fake-upstream.ts'
import { chatDialect } from './scripted-upstream-chat.ts'
import { scriptedFailure } from './scripted-upstream-errors.ts'
import { geminiDialect } from './scripted-upstream-gemini.ts'
import { messagesDialect } from './scripted-upstream-messages.ts'
import { responsesDialect } from './scripted-upstream-responses.ts'
import { beginningOf, Refusal, SCRIPTS, type Answer, type Dialect, type Json } from './scripted-upstream-script.ts'

const DIALECTS: Readonly<Record<string, Dialect>> = {
  '/v1/chat/completions': chatDialect,
  '/v1/messages': messagesDialect,
  '/v1/responses': responsesDialect,
}

/** A call as its address tells it. */
interface Called {
  readonly dialect: Dialect
  readonly model?: string
  readonly stream?: boolean
}

const GEMINI_PATH = /^\/v1beta\/models\/([^/]+):(generateContent|streamGenerateContent|countTokens)$/

function calledAt({ pathname, searchParams }: URL): Called | undefined {
  const [, model, method] = GEMINI_PATH.exec(pathname) ?? []
  if (model === undefined) return DIALECTS[pathname] === undefined ? undefined : { dialect: DIALECTS[pathname] }
  const stream = method === 'streamGenerateContent'
  // The vendor would send one JSON list.
  return stream && searchParams.get('alt') !== 'sse' ? undefined : { dialect: geminiDialect, model, stream }
}

/** Bytes of one write: small and odd, so that frames and characters are cut everywhere. */
const CUT_BYTES = 211

/** What the counting endpoints of Messages and of Gemini answer. */
export const COUNTED_TOKENS = 1234

export interface ScriptedUpstreamOptions {
  /** Streams that are to be cut wait for this; what was not read before might be lost with the connection. */
  readonly beforeCut?: Promise<unknown>
}

/**
 * An upstream over real HTTP that speaks all formats natively and as strictly as their vendors: what it reads and writes is
 * made by hand here, so that faults of the gateway's codecs cannot cancel out. The name of the model says what it does.
 */
export async function startScriptedUpstream(options: ScriptedUpstreamOptions = {}): Promise<FakeUpstream> {
  return startFakeUpstream((request) => {
    const url = new URL(request.path, 'http://upstream')
    if (url.pathname === '/v1/messages/count_tokens') return reply(200, { input_tokens: COUNTED_TOKENS })
    if (url.pathname.endsWith(':countTokens')) return countedBy(request, url)
    const called = calledAt(url)
    if (called === undefined || request.method !== 'POST')
      return reply(404, { error: { message: `no such path ${request.path}`, type: 'not_found_error' } })
    try {
      return answerTo(request, called, options)
    } catch (error) {
      const { dialect } = called
      // A mistake of this file must look like one, not like a refusal.
      const refusal =
        error instanceof Refusal ? error : new Refusal(String(error instanceof Error ? error.stack : error), { status: 418 })
      return reply(refusal.status, dialect.error(refusal), { ...identified(dialect), ...refusal.headers })
    }
  })
}

function countedBy({ json }: RecordedRequest, { pathname }: URL): Reply {
  const [, model] = GEMINI_PATH.exec(pathname) ?? []
  const asked = (json as Json).generateContentRequest
  if (model === undefined || asked?.model !== `models/${model}` || asked.contents === undefined)
    return reply(400, { error: { code: 400, message: 'generate_content_request', status: 'INVALID_ARGUMENT' } })
  return reply(200, { totalTokens: COUNTED_TOKENS })
}

function answerTo(request: RecordedRequest, called: Called, options: ScriptedUpstreamOptions): Reply {
  const body = request.json as Json
  const { dialect, model = body.model, stream } = called
  const failure = scriptedFailure(dialect.format, model)
  if (failure !== undefined) throw failure
  const script = SCRIPTS[model]
  if (script === undefined)
    throw new Refusal(`The model ${model} does not exist`, { status: 404, type: 'not_found_error', code: 'model_not_found' })
  const seen = dialect.read(body, request.headers, stream)
  const answer = script(seen, dialect)
  if (seen.stream)
    return {
      headers: { 'content-type': 'text/event-stream; charset=utf-8', ...identified(dialect) },
      body: streamOf(dialect.frames(answer, model, body), answer, dialect, options),
    }
  if (answer.holds === true) return { before: [{ stall: true }] }
  if (answer.cuts === true) return { headers: { 'content-length': '4096' }, framing: 'length', body: ['{"id":', { close: true }] }
  return reply(200, dialect.whole(answer, model, body), identified(dialect))
}

function streamOf(frames: readonly string[], answer: Answer, dialect: Dialect, { beforeCut }: ScriptedUpstreamOptions): Step[] {
  const isWhole = answer.holds !== true && answer.cuts !== true && answer.breaks !== true
  if (isWhole) return cut(frames.join(''))
  const last = JSON.stringify(beginningOf(answer).at(-1)).slice(1, -1)
  const begun = cut(frames.slice(0, frames.findIndex((frame) => frame.includes(last)) + 1).join(''))
  if (answer.holds === true) return [...begun, { stall: true }]
  return answer.cuts === true
    ? [...begun, { until: beforeCut ?? Promise.resolve() }, { reset: true }]
    : [...begun, dialect.errorFrame()]
}

function cut(text: string): Step[] {
  const bytes = Buffer.from(text)
  return Array.from({ length: Math.ceil(bytes.length / CUT_BYTES) }, (_, n) => bytes.subarray(n * CUT_BYTES, (n + 1) * CUT_BYTES))
}

const identified = ({ format }: Dialect): Record<string, string> => ({
  [format === 'anthropic' ? 'request-id' : 'x-request-id']: 'req_upstream_scripted',
})

const reply = (status: number, body: Json, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: [JSON.stringify(body)],
  framing: 'length',
})
