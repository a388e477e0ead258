import { afterEach, describe, expect, test } from 'bun:test'
import net from 'node:net'
import { CHAT, CLIENT_FORMATS, MESSAGES, serving, type ClientFormat } from '../support/client-formats.ts'
import type { Reply, Step } from '../support/fake-upstream.ts'
import { eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { rawPost } from '../support/raw-http.ts'
import { cutInto, jsonReply, sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const EACH = CLIENT_FORMATS.map((client): [string, ClientFormat] => [client.format, client])
const PAIRS = CLIENT_FORMATS.flatMap((upstream) =>
  CLIENT_FORMATS.map((client): [string, ClientFormat, ClientFormat] => [
    `${upstream.format} to ${client.format}`,
    upstream,
    client,
  ]),
)
const ENDS = {
  openai: '[DONE]',
  anthropic: 'message_stop',
  responses: 'response.completed',
  gemini: '"finishReason":"STOP"',
} as const
/** A frame in the middle of the text. */
const MIDDLE = { openai: 2, anthropic: 4, responses: 5, gemini: 2 } as const
const TEXT = 'Grüße 漢字 😀👩‍👩‍👧 — done'

async function before(
  upstream: ClientFormat,
  reply: Reply,
  settings: Record<string, unknown> = {},
  extra: Record<string, unknown> = {},
): Promise<TestGateway> {
  const fake = await world.upstream(reply)
  return world.gateway({ server: settings, providers: [providerAt('up', fake, upstream.format, extra)] })
}

describe.each(PAIRS)('a stream from %s', (_name, upstream, client) => {
  const call = client.call('up/m', { stream: true })
  const usage = async (gateway: TestGateway, response: Response): Promise<unknown> => (await gateway.recordOf(response)).usage

  test.each([1, 2, 3, 7, 64])('may be cut every %d bytes, inside characters and frames', async (size) => {
    const gateway = await before(
      upstream,
      sseReply(cutInto(upstream.frames({ text: TEXT, inputTokens: 31, outputTokens: 9 }).join(''), size)),
    )
    const response = await gateway.post(client.path, call)
    const stream = await response.text()
    expect(client.streamText(stream)).toBe(TEXT)
    expect(client.hasEnd(stream)).toBe(true)
    expect(await usage(gateway, response)).toMatchObject({ inputTokens: 31, outputTokens: 9 })
  })

  test('may use CRLF, comments, retry hints and no space behind the colon', async () => {
    const odd = upstream
      .frames({ text: TEXT })
      .join('')
      .replaceAll('data: ', 'data:')
      .replaceAll('\n\n', '\n\n: hello\nretry: 100\n\n')
      .replaceAll('\n', '\r\n')
    const gateway = await before(upstream, sseReply(cutInto(odd, 11)))
    const stream = (await (await gateway.post(client.path, call)).text())
      .replaceAll('\r\n', '\n')
      .replaceAll('data:{', 'data: {')
      .replaceAll('data:[', 'data: [')
      .replaceAll('event:', 'event: ')
      .replaceAll('event:  ', 'event: ')
    expect(client.streamText(stream)).toBe(TEXT)
    expect(stream).toContain(ENDS[client.format])
    expect(client.inBandError(stream)).toBeUndefined()
  })

  test('may be a whole answer after all: the client still gets its stream', async () => {
    const gateway = await before(upstream, jsonReply(upstream.whole({ text: TEXT, inputTokens: 31, outputTokens: 9 })))
    const response = await gateway.post(client.path, call)
    expect(response.headers.get('content-type')).toStartWith('text/event-stream')
    const stream = await response.text()
    expect(client.streamText(stream)).toBe(TEXT)
    expect(client.hasEnd(stream)).toBe(true)
    expect(await usage(gateway, response)).toMatchObject({ inputTokens: 31, outputTokens: 9 })
  })

  test('may come although none was asked for: it is folded into a whole answer', async () => {
    const gateway = await before(
      upstream,
      sseReply(cutInto(upstream.frames({ text: TEXT, inputTokens: 31, outputTokens: 9 }).join(''), 5)),
    )
    const response = await gateway.post(client.path, client.call('up/m'))
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(client.textOf(await response.json())).toBe(TEXT)
    expect(await usage(gateway, response)).toMatchObject({ inputTokens: 31, outputTokens: 9 })
  })

  test('that none was asked for and that fails is an error, not half an answer', async () => {
    const frames = upstream.frames({ text: TEXT })
    for (const reply of [
      sseReply(frames.slice(0, 3)),
      sseReply([...frames.slice(0, 5), upstream.errorFrame('overloaded_error', 'no more')]),
    ]) {
      const gateway = await before(upstream, reply)
      const response = await gateway.post(client.path, client.call('up/m'))
      expect(response.status).toBeGreaterThanOrEqual(500)
      expect(client.errorOf(await response.json()).message.length).toBeGreaterThan(0)
    }
  })
})

const LIMITS = {
  openai: { max_tokens: 64_000 },
  anthropic: { max_tokens: 64_000 },
  responses: { max_output_tokens: 64_000 },
  gemini: { generationConfig: { maxOutputTokens: 64_000 } },
} as const

describe('a long call that does not stream', () => {
  test('is run as a stream where Anthropic’s own API would refuse it, and folded', async () => {
    const upstream = await world.upstream(serving(MESSAGES, { text: TEXT, inputTokens: 5, outputTokens: 6 }))
    const gateway = await world.gateway({
      providers: [providerAt('up', upstream, 'anthropic', { quirks: { first_party: true } })],
    })
    for (const client of CLIENT_FORMATS) {
      const limit = LIMITS[client.format]
      const response = await gateway.post(client.path, client.call('up/m', limit))
      expect(client.textOf(await response.json())).toBe(TEXT)
      expect(upstream.requests.at(-1)?.json).toMatchObject({ stream: true, max_tokens: 64_000 })
      expect(await gateway.recordOf(response)).toMatchObject({
        streamed: false,
        usage: { inputTokens: 5, outputTokens: 6 },
        attempts: [{ passthrough: false }],
      })
    }
    await gateway.post(MESSAGES.path, MESSAGES.call('up/m'))
    expect(upstream.requests.at(-1)?.json).not.toHaveProperty('stream')
  })
})

describe.each(EACH)('keep-alives to %s clients', (_name, client) => {
  test('come in the format’s own convention, between frames and never inside one', async () => {
    const frames = client.frames({ text: 'one two three' })
    const at = MIDDLE[client.format]
    const cut = Math.floor(frames[at]!.length / 2)
    const steps: Step[] = [
      ...frames.slice(0, at),
      frames[at]!.slice(0, cut),
      { delayMs: 2_300 },
      frames[at]!.slice(cut),
      ...frames.slice(at + 1),
    ]
    const gateway = await before(client, sseReply(steps), { stream: { ping_ms: 1_000 } })
    const stream = await (await gateway.post(client.path, client.call('up/m', { stream: true }))).text()
    const ping = client === MESSAGES ? 'event: ping\ndata: {"type":"ping"}' : ': '
    const blocks = stream.split('\n\n').filter((block) => block !== '')
    const pings = blocks.filter((block) =>
      client === MESSAGES ? block.replaceAll(' "', '"').startsWith(ping) : block.startsWith(ping),
    )
    expect(pings.length).toBeGreaterThanOrEqual(client === MESSAGES ? 2 : 1)
    for (const block of blocks) expect(block).toMatch(/^(event: [\w.]+\ndata: \{.*\}|data: (\{.*\}|\[DONE\])|:.*)$/)
    expect(client.streamText(stream)).toBe('one two three')
  })
})

describe('a client that reads slowly', () => {
  test('slows the upstream down instead of filling the memory, and gets everything in the end', async () => {
    const delta = CHAT.frames({ text: 'x'.repeat(16_000) })[1]!
    const total = 4_000
    let written = 0
    const frames = CHAT.frames()
    const upstream = await world.upstream()
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    const steps = function* (): Generator<Step> {
      yield frames[0]!
      for (; written < total; written++) yield delta
      yield* frames.slice(-3)
    }
    upstream.otherwise(sseReply(steps() as unknown as Step[]))
    const socket = net.connect(gateway.port, '127.0.0.1')
    socket.pause()
    socket.write(rawPost(CHAT.path, JSON.stringify(CHAT.call('up/m', { stream: true }))))
    await upstream.request(0)
    // Socket buffers on the way hold some; then nothing moves.
    let last = -1
    await eventually(
      async () => {
        const previous = last
        last = written
        await new Promise((resolve) => setTimeout(resolve, 200))
        return written > 0 && previous === written
      },
      'the upstream stands still',
      10_000,
    )
    expect(written).toBeLessThan(total * 0.75)
    let received = 0
    let tail = ''
    const ended = new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        received += chunk.length
        tail = (tail + chunk.toString('latin1')).slice(-200)
        if (tail.includes('[DONE]')) resolve()
      })
    })
    socket.resume()
    await ended
    socket.destroy()
    expect(written).toBe(total)
    expect(received).toBeGreaterThan(total * 16_000)
  }, 30_000)
})

describe('a gateway that is told to stop', () => {
  test('finishes the stream that runs and refuses new calls in the client’s own envelope', async () => {
    let release = (): void => {}
    const until = new Promise<void>((resolve) => (release = resolve))
    const frames = CHAT.frames({ text: 'finished after all' })
    const upstream = await world.upstream(sseReply([...frames.slice(0, 2), { until }, ...frames.slice(2)]))
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    const response = await gateway.post(CHAT.path, CHAT.call('up/m', { stream: true }))
    const closed = gateway.close()
    for (const client of CLIENT_FORMATS) {
      const refused = await gateway.post(client.path, client.call('up/m'))
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
      expect(client.errorOf(await refused.json())).toMatchObject({
        code: 'shutting_down',
        requestId: refused.headers.get('x-switchback-request-id'),
      })
    }
    expect((await fetch(`${gateway.url}/ready`)).status).toBe(503)
    expect(upstream.requests.length).toBe(1)
    release()
    const stream = await response.text()
    expect(CHAT.streamText(stream)).toBe('finished after all')
    expect(CHAT.hasEnd(stream)).toBe(true)
    await closed
  })
})
