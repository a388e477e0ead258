import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, GEMINI, MESSAGES, RESPONSES, serving } from '../support/client-formats.ts'
import type { Reply, ReplyFor } from '../support/fake-upstream.ts'
import { providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

type Json = Record<string, unknown>

const PNG = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), Buffer.alloc(100_000, 7)])
const PDF = Buffer.from('%PDF-1.7 pages')
const MEDIA = { allow_private: true }

const file = (bytes: Uint8Array, type?: string): Reply => ({
  ...(type === undefined ? {} : { headers: { 'content-type': type } }),
  body: [bytes],
  framing: 'length',
})

interface Setup {
  readonly gateway: TestGateway
  readonly upstream: Awaited<ReturnType<TestWorld['upstream']>>
  readonly files: Awaited<ReturnType<TestWorld['upstream']>>
}

/** A Chat upstream `chat`, and a server with files. */
async function setup(reply: Reply | ReplyFor, server: Json = { media: MEDIA }, provider: Json = {}): Promise<Setup> {
  const upstream = await world.upstream(serving(CHAT))
  const files = await world.upstream(reply)
  const gateway = await world.gateway({ server, providers: [providerAt('chat', upstream, 'openai', provider)] })
  return { gateway, upstream, files }
}

const documentAt = (url: string, model = 'chat/m'): Json => ({
  model,
  max_tokens: 64,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'document', source: { type: 'url', url } },
        { type: 'text', text: 'Read it.' },
      ],
    },
  ],
})

const imageAt = (url: string, model = 'chat/m'): Json => ({
  model,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url } },
        { type: 'text', text: 'Look.' },
      ],
    },
  ],
})

const partsOf = (request: { readonly json: unknown } | undefined): Json[] =>
  (request?.json as { messages: { content: Json[] }[] } | undefined)?.messages[0]?.content ?? []

describe('media that is named by address', () => {
  test('is fetched for a target that has no place for addresses, and told', async () => {
    const { gateway, upstream, files } = await setup(file(PDF, 'application/pdf'))
    const response = await gateway.post(MESSAGES.path, documentAt(`${files.url}/a.pdf?token=SECRET`))
    expect(response.status).toBe(200)
    expect(partsOf(upstream.requests[0])).toEqual([
      { type: 'file', file: { file_data: `data:application/pdf;base64,${PDF.toString('base64')}` } },
      { type: 'text', text: 'Read it.' },
    ])
    expect(files.requests[0]).toMatchObject({ method: 'GET', path: '/a.pdf?token=SECRET' })
    expect(files.requests[0]?.headers).not.toHaveProperty('authorization')
    const record = await gateway.recordOf(response)
    expect(record.diagnostics).toContainEqual({
      severity: 'rewritten',
      code: 'media_inlined',
      path: '/messages/0/content/0',
      message: 'the document was fetched from its address and sent within the request',
    })
    expect(JSON.stringify(record)).not.toContain('SECRET')
  })

  test('is text where it is text', async () => {
    const { gateway, upstream, files } = await setup(file(Buffer.from('zoë'), 'text/plain; charset=utf-8'))
    expect((await gateway.post(MESSAGES.path, documentAt(`${files.url}/a.txt`))).status).toBe(200)
    expect(JSON.stringify(upstream.requests[0]?.json)).toContain('zoë')
  })

  test('goes as it is to whoever takes addresses', async () => {
    const upstream = await world.upstream(serving(RESPONSES))
    const gateway = await world.gateway({
      server: { media: MEDIA },
      providers: [providerAt('one', upstream, 'responses'), providerAt('same', upstream, 'responses')],
    })
    const response = await gateway.post(MESSAGES.path, documentAt('http://nowhere.test/a.pdf', 'one/m'))
    expect(response.status).toBe(200)
    expect(upstream.requests[0]?.text).toContain('"file_url":"http://nowhere.test/a.pdf"')
  })

  test('is fetched for images too where the operator says that addresses are not taken, also in the client’s own format', async () => {
    const { gateway, upstream, files } = await setup(file(PNG, 'image/png'), undefined, {
      capabilities: { vision_sources: ['inline_base64'] },
    })
    const before = { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG.toString('base64')}` } }
    const call = imageAt(`${files.url}/a.png`)
    const [message] = call['messages'] as { content: Json[] }[]
    message?.content.unshift(before)
    const response = await gateway.post(CHAT.path, call)
    expect(response.status).toBe(200)
    const inline = `data:image/png;base64,${PNG.toString('base64')}`
    expect(partsOf(upstream.requests[0]).map((part) => (part['image_url'] as Json | undefined)?.['url'])).toEqual([
      inline,
      inline,
      undefined,
    ])
    expect((await gateway.recordOf(response)).attempts).toMatchObject([{ passthrough_refused: ['media_inlined'] }])
  })

  test('is left to a pass-through untouched, where nothing was declared', async () => {
    const { gateway, upstream, files } = await setup(file(PNG, 'image/png'))
    await gateway.post(CHAT.path, imageAt(`${files.url}/a.png`))
    expect(files.requests).toHaveLength(0)
    expect(upstream.requests[0]?.text).toContain(`${files.url}/a.png`)
  })

  test('is fetched once for a call, however many attempts it takes', async () => {
    const { gateway, upstream, files } = await setup(file(PDF, 'application/pdf'), {
      media: MEDIA,
      retry: { max_retries: 2, base_delay_ms: 1 },
    })
    upstream.enqueue({ status: 500 }, { status: 500 })
    expect((await gateway.post(MESSAGES.path, documentAt(`${files.url}/a.pdf`))).status).toBe(200)
    expect([upstream.requests.length, files.requests.length]).toEqual([3, 1])
  })

  test('is in the preview', async () => {
    const { gateway, files } = await setup(file(PDF, 'application/pdf'))
    const response = await gateway.post('/v1/route-preview?format=anthropic', documentAt(`${files.url}/a.pdf`))
    expect(JSON.stringify(await response.json())).toContain(
      '"media":[{"target_id":"chat/m","inlined":["/messages/0/content/0"],"refused":[]}]',
    )
    expect(files.requests).toHaveLength(0)
  })
})

describe('media that cannot be fetched', () => {
  const failure = async ({ gateway }: Pick<Setup, 'gateway'>, url: string): Promise<string> => {
    const response = await gateway.post(MESSAGES.path, documentAt(url))
    expect(response.status).toBe(400)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'invalid_request_error' } })
    expect(text).not.toContain('SECRET')
    return text
  }

  test.each([
    ['is not there', { status: 404 }, 'status 404'],
    ['leads somewhere else', { status: 302, headers: { location: 'http://10.0.0.1/SECRET' } }, 'name the final address'],
    ['is something else', file(PNG.subarray(0, 100), 'image/png'), 'what lies there is no document'],
    [
      'is larger than it says',
      { headers: { 'content-type': 'application/pdf' }, body: [Buffer.alloc(3_000)] },
      'larger than 2000',
    ],
    ['says that it is too large', file(Buffer.alloc(3_000), 'application/pdf'), 'larger than 2000'],
    ['breaks off', { headers: { 'content-type': 'application/pdf' }, body: ['%PDF', { reset: true }] }, 'could not be'],
  ] as const)('because it %s is refused, with the place in the request', async (_why, reply, told) => {
    const setUp = await setup(reply, { media: { ...MEDIA, max_bytes: 2_000 } })
    const url = `${setUp.files.url}/a?key=SECRET`
    const text = await failure(setUp, url)
    expect(text).toContain(told)
    expect(text).toContain('/messages/0/content/0')
    expect(text).toContain('No other target of the configuration takes it.')
    expect(setUp.upstream.requests).toHaveLength(0)
  })

  test('because it is on a private network is refused, unless that is allowed', async () => {
    const setUp = await setup(file(PDF, 'application/pdf'), {})
    for (const url of [
      setUp.files.url,
      'http://169.254.169.254/SECRET',
      'http://localhost:1/',
      'http://metadata.google.internal/',
    ])
      expect(await failure(setUp, url)).toContain('not on the public internet')
    expect(setUp.files.requests).toHaveLength(0)
  })

  test('because its host is not listed is refused', async () => {
    const setUp = await setup(file(PDF, 'application/pdf'), { media: { ...MEDIA, hosts: ['*.example.test', 'files.test'] } })
    for (const url of [setUp.files.url, 'http://example.test/', 'http://evilexample.test/', 'http://x.files.test'])
      expect(await failure(setUp, url)).toContain('server.media.hosts')
  })

  test('is left to the next target, which takes addresses, and that one is named', async () => {
    const chat = await world.upstream(serving(CHAT))
    const responses = await world.upstream(serving(RESPONSES))
    const gateway = await world.gateway({
      providers: [providerAt('chat', chat, 'openai'), providerAt('resp', responses, 'responses')],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['chat/m', 'resp/m'] }],
    })
    const response = await gateway.post(MESSAGES.path, documentAt('http://10.0.0.1/a.pdf', 'r'))
    expect(response.status).toBe(200)
    expect((await gateway.recordOf(response)).attempts).toMatchObject([
      { target_id: 'chat/m', error_code: 'media_unavailable', next: 'next-target', usage_known: 'unused' },
      { target_id: 'resp/m', outcome: 'success' },
    ])
    const alone = await gateway.post(MESSAGES.path, documentAt('http://10.0.0.1/a.pdf'))
    expect(await alone.text()).toContain('Targets that take it: resp/m.')
  })

  test('is sent as an address, told as such, where fetching is switched off', async () => {
    const { gateway, upstream, files } = await setup(file(PDF, 'application/pdf'), { media: { inline_urls: false } })
    const response = await gateway.post(MESSAGES.path, documentAt(`${files.url}/a.pdf`))
    expect(response.status).toBe(200)
    expect(files.requests).toHaveLength(0)
    expect(upstream.requests[0]?.text).toContain(`${files.url}/a.pdf`)
    expect((await gateway.recordOf(response)).diagnostics).toMatchObject([{ code: 'part.document_url', severity: 'rewritten' }])
  })

  test('ends with its call', async () => {
    const { gateway, files } = await setup({ headers: { 'content-type': 'application/pdf' }, body: ['%PDF', { stall: true }] })
    const controller = new AbortController()
    const answer = gateway
      .post(MESSAGES.path, documentAt(`${files.url}/a.pdf`), { signal: controller.signal })
      .catch(() => 'gone')
    const request = await files.request(0)
    controller.abort()
    expect(await answer).toBe('gone')
    expect(await request.ended).toBe('aborted')
  })
})

describe('media that a target cannot take at all', () => {
  const audio = (model: string): Json => ({
    model,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
          { type: 'text', text: 'Listen.' },
        ],
      },
    ],
  })

  test('is never left out: the next target serves, or the client is told who could', async () => {
    const messages = await world.upstream(serving(MESSAGES))
    const gemini = await world.upstream(serving(GEMINI))
    const gateway = await world.gateway({
      providers: [providerAt('deaf', messages, 'anthropic'), { ...providerAt('hears', gemini, 'gemini'), base_url: gemini.url }],
      routes: [
        { name: 'r', match: { model: 'r' }, targets: ['deaf/m', 'hears/m'] },
        { name: 'a', match: { model: 'a' }, targets: ['deaf/m'], translation: 'allow' },
      ],
    })
    const served = await gateway.post(CHAT.path, audio('r'))
    expect(served.status).toBe(200)
    expect((await gateway.recordOf(served)).attempts).toMatchObject([
      { error_code: 'translation_refused', next: 'next-target' },
      { target_id: 'hears/m', outcome: 'success' },
    ])
    const refused = await gateway.post(CHAT.path, audio('deaf/m'))
    expect(refused.status).toBe(422)
    const text = await refused.text()
    expect(text).toContain('/messages/0/content/0')
    expect(text).toContain('Targets that take it: hears/m.')
    expect(messages.requests).toHaveLength(0)
    expect((await gateway.post(CHAT.path, audio('a'))).status).toBe(200)

    const preview = await gateway.post('/v1/route-preview?format=openai', audio('r'))
    expect(JSON.stringify(await preview.json())).toContain(
      '"media":[{"target_id":"deaf/m","inlined":[],"refused":["part.audio"]}]',
    )
  })
})
