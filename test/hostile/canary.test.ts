import { afterEach, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  beginning,
  CHAT,
  CLIENT_FORMATS,
  type ClientFormat,
  GEMINI,
  MESSAGES,
  formatAt,
  modelAsked,
  googlePath,
  RESPONSES,
  serving,
} from '../support/client-formats.ts'
import { CommandLine, type Served } from '../support/command-line.ts'
import type { FakeUpstream, RecordedRequest, Reply } from '../support/fake-upstream.ts'
import { eventually, TestWorld } from '../support/gateway-fixture.ts'
import { sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
const homes: CommandLine[] = []
afterEach(async () => {
  for (const home of homes.splice(0)) await home.dispose()
  await world.closeAll()
})

/** Every secret thing of a conversation starts with this; what follows tells which one leaked. */
const CANARY = 'zq7canary'
const canary = (what: string): string => `${CANARY}-${what}`
const CLIENT_KEY = canary('client-key')

const config = (url: string, collector: string): string => `
server: { bind: "127.0.0.1:0" }
api_keys:
  - { key_env: CLIENT_KEY, role: admin, prefix: tester }
providers:
${CLIENT_FORMATS.map(
  ({ format }) =>
    `  - { id: ${format}, type: openai_compatible, format: ${format}, base_url: "${url}/v1", auth_scheme: { kind: bearer }, api_key_env: PROVIDER_KEY, headers: { x-static: ${canary('static-header')} } }`,
).join('\n')}
  - { id: query, type: openai_compatible, base_url: "${url}/v1", auth_scheme: { kind: query, name: key }, api_key_env: PROVIDER_KEY }
  - { id: gone, type: openai_compatible, base_url: "http://127.0.0.1:1/v1?secret=${canary('url')}", auth_scheme: { kind: query, name: key }, api_key_env: PROVIDER_KEY }
routes:
  - { name: strict, match: { model: strict }, targets: [anthropic/m], translation: strict }
telemetry:
  otlp: [{ endpoint: "${collector}", headers: { x-collector: ${canary('collector-key')} } }]
alerts:
  webhooks: [{ id: ops, url: "${collector}/hook", allow_private: true }]
`

/** A conversation with a canary in every place that holds something of the user. */
function conversation(client: ClientFormat, model: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  const parameters = { type: 'object', properties: { city: { type: 'string', description: canary('tool-schema') } } }
  if (client === MESSAGES) {
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: canary('prompt') },
          { type: 'image', source: { type: 'url', url: `http://images.test/${canary('image')}` } },
        ],
      },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'toolu_1', name: 'lookup', input: { city: canary('tool-input') } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: canary('tool-result') }] },
    ]
    return {
      model,
      max_tokens: 100,
      system: canary('system'),
      messages,
      tools: [{ name: 'lookup', input_schema: parameters }],
      metadata: { user_id: canary('user') },
      ...extra,
    }
  }
  const call = {
    id: 'call_1',
    type: 'function',
    function: { name: 'lookup', arguments: JSON.stringify({ city: canary('tool-input') }) },
  }
  if (client === GEMINI) return geminiConversation(model, parameters, extra)
  if (client === CHAT) {
    const messages = [
      { role: 'system', content: canary('system') },
      { role: 'user', content: canary('prompt') },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: canary('tool-result') },
    ]
    return {
      model,
      messages,
      tools: [{ type: 'function', function: { name: 'lookup', parameters } }],
      user: canary('user'),
      metadata: { a: canary('metadata') },
      ...extra,
    }
  }
  const input = [
    { role: 'user', content: canary('prompt') },
    { type: 'function_call', call_id: 'call_1', name: 'lookup', arguments: JSON.stringify({ city: canary('tool-input') }) },
    { type: 'function_call_output', call_id: 'call_1', output: canary('tool-result') },
  ]
  return {
    model,
    instructions: canary('system'),
    input,
    tools: [{ type: 'function', name: 'lookup', parameters }],
    metadata: { a: canary('metadata') },
    ...extra,
  }
}

function geminiConversation(model: string, parameters: unknown, extra: Record<string, unknown>): Record<string, unknown> {
  const call = { id: 'call_1', name: 'lookup' }
  return {
    model,
    systemInstruction: { parts: [{ text: canary('system') }] },
    contents: [
      {
        role: 'user',
        parts: [
          { text: canary('prompt') },
          { fileData: { mimeType: 'image/png', fileUri: `http://images.test/${canary('image')}` } },
        ],
      },
      {
        role: 'model',
        parts: [
          {
            functionCall: { ...call, args: { city: canary('tool-input') } },
            thoughtSignature: Buffer.from(canary('signature')).toString('base64'),
          },
        ],
      },
      { role: 'user', parts: [{ functionResponse: { ...call, response: { output: canary('tool-result') } } }] },
    ],
    tools: [{ functionDeclarations: [{ name: 'lookup', parametersJsonSchema: parameters }] }],
    labels: { a: canary('metadata') },
    ...extra,
  }
}

const OTHER_PATH = /embeddings|mbedContent|rerank|audio|files|\/x\//

/** The same for endpoints whose bodies need not be JSON. */
function otherReply({ path, text }: RecordedRequest): Reply {
  const message = canary('upstream-error')
  if (/fail-400/.test(path + text)) return { status: 400, body: [JSON.stringify({ error: { message } })] }
  if (/\bcut\b/.test(path + text))
    return { headers: { 'content-type': 'audio/mpeg' }, body: [message, { delayMs: 30 }, { reset: true }] }
  return { body: [JSON.stringify({ id: 'file-1', data: [{ embedding: [1] }], text: canary('answer') })] }
}

/** Serves, fails, cuts or stalls, as the model's name says. */
function upstreamReply(request: RecordedRequest): Reply {
  if (OTHER_PATH.test(request.path)) return otherReply(request)
  const client = formatAt(request.path)
  const model = modelAsked(request)
  const begun = beginning(client, { text: canary('answer') })
  const message = canary('upstream-error')
  if (model.startsWith('fail-'))
    return {
      status: Number(model.slice(5)),
      headers: { 'x-request-id': 'up_1' },
      body: [JSON.stringify(client.error('some_error', message, 'some_code'))],
    }
  if (model === 'in-band') return sseReply([...begun, client.errorFrame('api_error', message)])
  if (model === 'in-band-first') return sseReply([client.errorFrame('api_error', message)])
  if (model === 'cut') return sseReply([...begun, { reset: true }])
  if (model === 'stall') return sseReply([...begun, { stall: true }])
  if (model === 'html') return { headers: { 'content-type': 'text/html' }, body: [`<html>${message}</html>`] }
  if (model === 'half') return { body: [`{"id":"${message}`] }
  return serving(client, { text: canary('answer') })(request)
}

async function serve(): Promise<{ home: CommandLine; gateway: Served; collector: FakeUpstream }> {
  const upstream = await world.upstream(upstreamReply)
  const collector = await world.upstream({ body: ['{}'] })
  const home = new CommandLine({ CLIENT_KEY, PROVIDER_KEY: canary('provider-key') })
  homes.push(home)
  writeFileSync(join(home.home, 'switchback.yaml'), config(upstream.url, collector.url))
  return { home, collector, gateway: await home.serve(['--log-level', 'debug']) }
}

function send(gateway: Served, path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${CLIENT_KEY}`,
    'x-custom': canary('header'),
    cookie: canary('cookie'),
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const url = `${gateway.url}${path === GEMINI.path ? googlePath(body) : path}`
  return fetch(`${url}${url.includes('?') ? '&' : '?'}q=${canary('query')}`, {
    method: 'POST',
    body: text,
    ...init,
    headers: { ...headers, ...(init.headers as Record<string, string>) },
  })
}

const headersOf = (response: Response): string => JSON.stringify([...response.headers])

function filesBelow(folder: string): { path: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, text: readFileSync(path, 'latin1') }))
}

const leaks = (text: string): string[] => [...new Set(text.match(new RegExp(`${CANARY}-[a-z-]+`, 'g')))]

function expectNoLeaks(home: CommandLine, outputs: readonly string[]): void {
  const files = filesBelow(join(home.home, '.local'))
  expect(files.length).toBeGreaterThan(0)
  for (const { path, text } of files) expect({ path, leaks: leaks(text) }).toEqual({ path, leaks: [] })
  for (const text of outputs) expect(leaks(text)).toEqual([])
}

/** Calls of every kind; gives the headers of all answers. */
async function traffic(gateway: Served): Promise<string[]> {
  const seen: string[] = []
  for (const client of CLIENT_FORMATS) {
    for (const provider of [...CLIENT_FORMATS.map(({ format }) => format), 'query', 'gone']) {
      for (const model of ['m', 'fail-400', 'fail-429', 'fail-500', 'in-band', 'in-band-first', 'cut', 'html', 'half']) {
        const stream = model !== 'm' || provider !== 'query'
        const response = await send(gateway, client.path, conversation(client, `${provider}/${model}`, { stream }))
        await response.text()
        seen.push(headersOf(response))
      }
    }
    const odd = { tools: [{ type: canary('tool-type') }], temperature: canary('number') }
    for (const { format } of CLIENT_FORMATS) {
      const response = await send(gateway, client.path, conversation(client, `${format}/m`, odd))
      await response.text()
      seen.push(headersOf(response))
    }
    const strict = await send(gateway, client.path, conversation(client, 'strict', { seed: 7, n: 1, logit_bias: { 1: 1 } }))
    await strict.text()
    seen.push(headersOf(strict))
  }
  for (const provider of [...CLIENT_FORMATS.map(({ format }) => format), 'query', 'gone'])
    for (const model of ['m', 'fail-400', 'cut'])
      for (const response of await otherCalls(gateway, provider, model)) {
        await response.text().catch(() => undefined) // an answer that breaks off says nothing more
        seen.push(headersOf(response))
      }
  return seen
}

/** Endpoints beside the model calls, with a canary in everything that is the user's. */
async function otherCalls(gateway: Served, provider: string, model: string): Promise<Response[]> {
  const form = new FormData()
  form.append('model', `${provider}/${model}`)
  form.append('prompt', canary('prompt'))
  form.append('file', new File([canary('prompt')], `${canary('file-name')}.mp3`))
  const encoded = new Response(form)
  const contentType = encoded.headers.get('content-type') ?? ''
  const init = { body: await encoded.bytes(), headers: { 'content-type': contentType, 'x-switchback-provider': provider } }
  const named = `${provider}/${model}`
  return [
    await send(gateway, '/v1/embeddings', { model: named, input: canary('prompt'), user: canary('user') }),
    await send(gateway, `/v1beta/models/${named}:embedContent`, { content: { parts: [{ text: canary('prompt') }] } }),
    await send(gateway, '/v1/rerank', { model: named, query: canary('prompt'), documents: [canary('prompt')] }),
    await send(gateway, '/v1/audio/transcriptions', '', init),
    await send(gateway, '/v1/files', '', init),
    await send(gateway, `/passthrough/${provider}/x/${model}/${canary('path')}`, { prompt: canary('prompt') }),
  ]
}

describe('what users say and keys they use', () => {
  test('is found in no file, log, record or header, whatever became of the call', async () => {
    const { home, gateway, collector } = await serve()
    const headers = await traffic(gateway)
    for (const text of headers) expect(leaks(text)).toEqual([])
    const admin = { headers: { authorization: `Bearer ${CLIENT_KEY}` } }
    const list = (await (await fetch(`${gateway.url}/v1/traces?limit=1000`, admin)).json()) as {
      traces: { request_id: string }[]
    }
    expect(list.traces.length).toBe(headers.length)
    const records = await Promise.all(
      list.traces.map(async ({ request_id }) => (await fetch(`${gateway.url}/v1/traces/${request_id}`, admin)).text()),
    )
    expect(leaks(JSON.stringify(list) + records.join(''))).toEqual([])
    const story = await home.run(['explain', 'last'])
    const preview = await send(gateway, '/v1/route-preview', conversation(CHAT, 'strict', { logit_bias: { 1: 1 } }))
    const page = await (await fetch(`${gateway.url}/`)).text()
    const views = await Promise.all(
      ['/metrics', '/v1/alerts', '/v1/captures', '/v1/health/targets'].map(async (path) => {
        const response = await fetch(`${gateway.url}${path}`, admin)
        expect([path, response.status]).toEqual([path, 200])
        return response.text()
      }),
    )
    expect(leaks(story.stdout + story.stderr + (await preview.text()) + page + views.join(''))).toEqual([])
    gateway.signal('SIGTERM')
    const { stdout, stderr } = await gateway.finished
    expect(stderr.split('\n').length).toBeGreaterThan(100)
    expectNoLeaks(home, [stdout, stderr])
    expect(filesBelow(join(home.home, '.local')).some(({ path }) => path.includes('captures'))).toBe(false)
    const exported = collector.requests.map(({ path, text }) => `${path} ${text}`)
    expect(
      exported.some((text) => text.startsWith('/v1/traces')) && exported.some((text) => text.startsWith('/v1/metrics')),
    ).toBe(true)
    expect(leaks(exported.join(''))).toEqual([])
  }, 60_000)

  test('is not repeated by errors of the gateway’s own', async () => {
    const { home, gateway } = await serve()
    const bad = canary('bad-key')
    const answers = [
      send(gateway, CHAT.path, `{"model":"m","messages":[{"role":"user","content":"${canary('prompt')}"`),
      send(gateway, MESSAGES.path, canary('prompt')),
      send(gateway, RESPONSES.path, `{"input":"${canary('prompt')}"}`),
      send(gateway, CHAT.path, { model: 'openai/m', messages: canary('prompt') }),
      send(gateway, CHAT.path, { model: 'openai/m', messages: [{ role: canary('role'), content: 'x' }] }),
      send(gateway, MESSAGES.path, { model: 'openai/m', max_tokens: canary('number'), messages: [] }),
      send(gateway, RESPONSES.path, {
        model: 'openai/m',
        input: [{ type: 'message', role: canary('role'), content: canary('prompt') }],
      }),
      send(gateway, `/v1/${canary('path')}`, {}),
      send(gateway, '/v1/embeddings', { model: 'openai/m', input: { text: canary('prompt') } }),
      send(gateway, '/v1/audio/speech', { model: 7, input: canary('prompt') }),
      send(gateway, '/v1/audio/transcriptions', canary('prompt'), {
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
      }),
      send(gateway, `/v1/batches`, { input_file_id: canary('file') }),
      send(gateway, `/passthrough/${canary('provider')}/x`, {}),
      send(gateway, `/passthrough/openai/a//${canary('path')}`, {}),
      send(gateway, `/passthrough/gone/${canary('path')}`, {}),
      send(gateway, CHAT.path, conversation(CHAT, 'openai/m'), { headers: { authorization: `Bearer ${bad}` } }),
      send(gateway, CHAT.path, conversation(CHAT, 'openai/m'), { headers: { authorization: `Bearer sk-ant-${bad}` } }),
      send(gateway, CHAT.path, conversation(CHAT, 'openai/m'), { headers: { authorization: '', 'x-api-key': bad } }),
      send(gateway, CHAT.path, conversation(CHAT, 'openai/m'), { headers: { 'content-type': `text/${CANARY}-type` } }),
      send(gateway, CHAT.path, conversation(CHAT, 'openai/m'), { headers: { 'content-encoding': `${CANARY}-encoding` } }),
      send(gateway, CHAT.path, conversation(CHAT, 'strict', { logit_bias: { 1: 1 }, seed: 3 })),
      send(gateway, CHAT.path, conversation(CHAT, 'gone/m')),
    ]
    for (const [index, response] of (await Promise.all(answers)).entries()) {
      expect(`answer ${index}: ${response.status}`).toMatch(/: [45]\d\d$/)
      expect(leaks((await response.text()) + headersOf(response))).toEqual([])
    }
    gateway.signal('SIGTERM')
    const { stdout, stderr } = await gateway.finished
    expectNoLeaks(home, [stdout, stderr])
  }, 30_000)

  test('is not left behind by calls that were broken off, nor by a process that was killed', async () => {
    const { home, gateway } = await serve()
    for (const client of CLIENT_FORMATS) {
      const abort = new AbortController()
      const response = await send(gateway, client.path, conversation(client, `${client.format}/stall`, { stream: true }), {
        signal: abort.signal,
      })
      await response.body!.getReader().read()
      abort.abort()
    }
    const running = await send(gateway, CHAT.path, conversation(CHAT, 'openai/stall', { stream: true }))
    await running.body!.getReader().read()
    await eventually(async () => {
      const list = await fetch(`${gateway.url}/v1/traces?status=499`, { headers: { authorization: `Bearer ${CLIENT_KEY}` } })
      return ((await list.json()) as { traces: unknown[] }).traces.length === CLIENT_FORMATS.length
    }, 'a record of each broken call')
    gateway.signal('SIGKILL')
    const { stdout, stderr } = await gateway.finished
    expect(filesBelow(join(home.home, '.local')).some(({ path }) => path.endsWith('-wal'))).toBe(true)
    expectNoLeaks(home, [stdout, stderr])
  }, 30_000)
})
