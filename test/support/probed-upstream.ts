import { exampleValue } from '../../src/providers/mock/example-value.ts'

/** What a server of the Chat format does wrong, each in a way that real ones have. */
export const PLANTED_FAULTS = [
  'no usage in streams',
  'usage that differs in streams',
  'arguments in one piece',
  'only one of parallel calls',
  'the same id for every call',
  'the reason stop with calls',
  'schemas ignored',
  'the token limit ignored',
  'images ignored',
  'characters broken at chunk borders',
  'streams that are cut off',
  'errors as a web page',
  'unknown models served',
  'reasoning refused when it comes back',
  'no list of models',
] as const
export type PlantedFault = (typeof PLANTED_FAULTS)[number]

// Wire bodies of a client, looked at as a server would.
type Json = any

export interface ProbedUpstream {
  /** With its `/v1`. */
  readonly address: string
  /** Calls for answers so far. */
  readonly calls: number
  close(): void
}

export const PROBED_KEY = 'sk-probed-0123456789'
export const PROBED_MODEL = 'probed'

/** A server of the Chat format that does everything right that certification asks for, but for the faults planted in it. */
export function startProbedUpstream(faults: ReadonlySet<PlantedFault> = new Set()): ProbedUpstream {
  let calls = 0
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url)
      const refuse = (status: number, message: string, code: string): Response =>
        faults.has('errors as a web page')
          ? new Response(`<html>${message}</html>`, { status, headers: { 'content-type': 'text/html' } })
          : Response.json({ error: { message, type: 'invalid_request_error', code } }, { status })
      if (request.headers.get('authorization') !== `Bearer ${PROBED_KEY}`)
        return refuse(401, 'Incorrect API key provided', 'invalid_api_key')
      if (pathname === '/v1/models' && faults.has('no list of models')) return refuse(404, 'Not Found', 'not_found')
      if (pathname === '/v1/models') return Response.json({ object: 'list', data: [{ id: PROBED_MODEL, object: 'model' }] })
      calls++
      const body: Json = await request.json().catch(() => undefined)
      if (body === undefined) return refuse(400, 'The body is no valid JSON.', 'invalid_json')
      if (body.temperature < 0) return refuse(400, 'temperature must be between 0 and 2', 'invalid_value')
      if (body.model !== PROBED_MODEL && !faults.has('unknown models served'))
        return refuse(404, 'The model does not exist', 'model_not_found')
      if (faults.has('reasoning refused when it comes back') && body.messages.some((message: Json) => message.reasoning_content))
        return refuse(400, 'reasoning_content is not allowed here', 'invalid_value')
      const answer = answerTo(body, faults)
      return body.stream === true ? streamed(answer, body, faults) : whole(answer, faults)
    },
  })
  return {
    address: `http://127.0.0.1:${server.port}/v1`,
    get calls() {
      return calls
    },
    close: () => void server.stop(true),
  }
}

interface Answer {
  readonly text: string
  readonly reasoning: string
  readonly calls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[]
  readonly finish: string
  readonly usage: Record<string, unknown>
}

const textOf = (message: Json): string =>
  typeof message.content === 'string' ? message.content : (message.content ?? []).map((part: Json) => part.text ?? '').join('')

/** Token of this server are words. */
const wordsOf = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length

function answerTo(body: Json, faults: ReadonlySet<PlantedFault>): Answer {
  const calls = callsFor(body, faults)
  const limit: number = body.max_completion_tokens ?? body.max_tokens ?? 4096
  let text = calls.length > 0 ? '' : sayTo(body, faults)
  let finish = calls.length > 0 && !faults.has('the reason stop with calls') ? 'tool_calls' : 'stop'
  const lines = text.split(/(?<=\s)/)
  if (lines.length > limit && !faults.has('the token limit ignored')) {
    text = lines.slice(0, limit).join('')
    finish = 'length'
  }
  for (const stop of [body.stop ?? []].flat()) text = text.split(stop)[0] ?? ''
  const reasoning = body.reasoning_effort === undefined ? '' : 'The ball costs x, the bat x and 1.'
  const input = wordsOf(body.messages.map(textOf).join(' ')) + 1
  const output = wordsOf(text) + wordsOf(reasoning) + calls.length + 1
  const drifts = faults.has('usage that differs in streams') && body.stream === true ? 7 : 0
  const usage = {
    prompt_tokens: input + drifts,
    completion_tokens: Math.min(output, limit === 32 && !faults.has('the token limit ignored') ? limit : output),
    total_tokens: input + output,
    completion_tokens_details: { reasoning_tokens: wordsOf(reasoning) },
  }
  return { text, reasoning, calls, finish, usage }
}

/** Calls the tools that the question asks for, when tools may be called. */
function callsFor(body: Json, faults: ReadonlySet<PlantedFault>): Answer['calls'] {
  const last = textOf(body.messages.at(-1))
  const isQuestion = /Use the tool|Call both tools|Write a note|Order two|Refresh everything/.test(last)
  if (body.tools === undefined || body.tool_choice === 'none' || !isQuestion) return []
  const named = body.tool_choice?.function?.name
  const tools = body.tools.filter((tool: Json) => named === undefined || tool.function.name === named)
  const most = body.parallel_tool_calls === false || faults.has('only one of parallel calls') ? 1 : tools.length
  return tools.slice(0, most).map((tool: Json, index: number) => ({
    id: faults.has('the same id for every call') ? 'call_0' : `call_${index}`,
    name: tool.function.name,
    arguments: JSON.stringify(exampleValue(tool.function.parameters)),
  }))
}

function sayTo({ messages, response_format: format }: Json, faults: ReadonlySet<PlantedFault>): string {
  if (format?.type === 'json_schema' && !faults.has('schemas ignored'))
    return JSON.stringify(exampleValue(format.json_schema.schema))
  if (format?.type === 'json_object' && !faults.has('schemas ignored')) return '{"name":"Ada","age":36}'
  const told = messages.map(textOf).join('\n')
  const instructed = /this and nothing else: (.+)/.exec(messages.filter(isInstruction).map(textOf).join('\n'))?.[1]
  if (instructed !== undefined) return instructed
  const last = textOf(messages.at(-1))
  const exact = /this and nothing else: (.+)/.exec(last)?.[1]
  if (exact !== undefined) return exact
  const parts = messages.flatMap((message: Json) => (Array.isArray(message.content) ? message.content : []))
  if (/Which colour/.test(last)) return parts.some(isImage) && !faults.has('images ignored') ? 'Red' : 'I see no image.'
  if (/code word of this document/.test(last))
    return parts.some((part: Json) => part.type === 'file') ? 'mango' : 'I see no document.'
  if (/code word/.test(last)) return /code word is (\w+)/.exec(told)?.[1] ?? 'I do not know.'
  const until = /Count from 1 to (\d+)/.exec(last)?.[1]
  if (until !== undefined) return Array.from({ length: Number(until) }, (_unused, index) => index + 1).join('\n')
  if (/degrees/.test(told)) return /(\d+) degrees/.exec(told)?.[1] ?? '?'
  return 'Five cents.'
}

const isInstruction = ({ role }: Json): boolean => role === 'system' || role === 'developer'
const isImage = ({ type }: Json): boolean => type === 'image_url'

const HEAD = { id: 'chatcmpl-probed', created: 1_763_800_000, model: PROBED_MODEL }

function whole({ text, reasoning, calls, finish, usage }: Answer, _faults: ReadonlySet<PlantedFault>): Response {
  const message = {
    role: 'assistant',
    content: calls.length > 0 ? null : text,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map((call) => ({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: call.arguments },
          })),
        }),
  }
  return Response.json({ ...HEAD, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: finish }], usage })
}

function streamed({ text, reasoning, calls, finish, usage }: Answer, body: Json, faults: ReadonlySet<PlantedFault>): Response {
  const frames: string[] = []
  const send = (delta: Json, reason: string | null = null): void =>
    void frames.push(frame({ ...HEAD, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: reason }] }))
  send({ role: 'assistant', content: '' })
  if (reasoning !== '') send({ reasoning_content: reasoning })
  for (const piece of piecesOf(text, faults)) send({ content: piece })
  for (const [index, call] of calls.entries()) {
    send({ tool_calls: [{ index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }] })
    const pieces = faults.has('arguments in one piece') ? [call.arguments] : [call.arguments.slice(0, 3), call.arguments.slice(3)]
    for (const piece of pieces) send({ tool_calls: [{ index, function: { arguments: piece } }] })
  }
  const isCut = faults.has('streams that are cut off')
  if (!isCut) {
    send({}, finish)
    if (body.stream_options?.include_usage === true && !faults.has('no usage in streams'))
      frames.push(frame({ ...HEAD, object: 'chat.completion.chunk', choices: [], usage }))
    frames.push('data: [DONE]\n\n')
  }
  return new Response(frames.join(''), { headers: { 'content-type': 'text/event-stream' } })
}

const frame = (data: Json): string => `data: ${JSON.stringify(data)}\n\n`

function piecesOf(text: string, faults: ReadonlySet<PlantedFault>): string[] {
  if (text === '') return []
  // A server that decodes each network chunk by itself loses the characters that are cut.
  const shown = faults.has('characters broken at chunk borders') ? text.replace(/[^\x20-\x7e\n]/gu, '\uFFFD') : text
  const characters = Array.from(shown)
  const at = Math.ceil(characters.length / 2)
  return [characters.slice(0, at).join(''), characters.slice(at).join('')]
}
