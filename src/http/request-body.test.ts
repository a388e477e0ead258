import { describe, expect, test } from 'bun:test'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { createFixture, request, type HttpAppFixture } from '../../test/support/http-app-fixture.ts'
import type { Answer } from '../engine/engine.ts'
import type { ServerSettings } from './server.settings.schema.ts'

const text = '{"model":"fast","note":"hé"}'

function post(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  return request('/v1/messages', { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
}

interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** Status, code and message of the answer; the code of an answer that served is `served`. */
async function ask(
  body: BodyInit | null,
  headers: Record<string, string> = {},
  settings: Partial<ServerSettings> = {},
): Promise<Refusal & HttpAppFixture> {
  const fixture = createFixture(settings)
  const response = await fixture.app.fetch(post(body, headers))
  const answer = (await response.json()) as Partial<Refusal> & { format?: string }
  if (response.status !== 200) expect(answer.format).toBe('anthropic')
  return { ...fixture, status: response.status, code: answer.code ?? 'served', message: answer.message ?? '' }
}

function bodyOf({ engine }: HttpAppFixture): string {
  return engine.calls[0]!.body.bytes.toString()
}

describe('the content type', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/vnd.api+json',
    'application/json ; x=y',
  ])('may be %s', async (type) => {
    expect((await ask(text, { 'content-type': type })).status).toBe(200)
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'text/json+x',
    'application/json; charset=utf-16',
    'application/json, text/plain',
  ])('may not be %s', async (type) => {
    expect(await ask(text, { 'content-type': type })).toMatchObject({ status: 415, code: 'unsupported_media_type' })
  })

  test('may be absent', async () => {
    const { app } = createFixture()
    const bare = request('/v1/messages', { method: 'POST', body: new TextEncoder().encode(text) })
    expect(bare.headers.has('content-type')).toBe(false)
    expect((await app.fetch(bare)).status).toBe(200)
  })
})

describe('a body', () => {
  test('arrives byte for byte', async () => {
    const odd = '{ "model":"a", "model":"fast",\n "big":12345678901234567890, "esc":"\\u00e9" }'
    expect(bodyOf(await ask(odd))).toBe(odd)
  })

  test('without a length is read to its end', async () => {
    const pieces = ['{"model":', '"fast",', `"note":"${'x'.repeat(200_000)}"}`]
    const stream = new ReadableStream({
      pull(controller) {
        const piece = pieces.shift()
        if (piece === undefined) controller.close()
        else controller.enqueue(new TextEncoder().encode(piece))
      },
    })
    const result = await ask(stream)
    expect(result.status).toBe(200)
    expect(bodyOf(result).length).toBe(200_000 + 26)
  })

  test('may begin with a byte order mark, which is not passed on', async () => {
    expect(bodyOf(await ask(`\ufeff${text}`))).toBe(text)
  })

  test.each([
    ['', 'is empty'],
    ['  \n', 'is empty'],
    ['{"model":"fast"', 'line 1, column 16'],
    ['{"model":\n CANARY}', 'line 2, column 2'],
    ['{"model":"fast"}CANARY', 'position 16'],
    ['{"model":"CANARY\u0001"}', 'position 16'],
  ])('of %j is refused with the place and without the content', async (body, place) => {
    const { status, code, message } = await ask(body)
    expect([status, code]).toEqual([400, 'invalid_json'])
    expect(message).toContain(place)
    expect(message).not.toContain('CANARY')
  })

  test('must be UTF-8', async () => {
    const broken = Buffer.from('{"model":"fast","x":"\xc3("}', 'latin1')
    expect(await ask(broken)).toMatchObject({ status: 400, code: 'invalid_json' })
    const long = Buffer.concat([Buffer.from(`{"model":"${'x'.repeat(2_000_000)}`), Buffer.from([0xff]), Buffer.from('"}')])
    expect(await ask(long)).toMatchObject({ status: 400, code: 'invalid_json' })
    expect((await ask(text)).status).toBe(200)
  })

  test('may have duplicate keys: the last one counts, and all are passed on', async () => {
    const result = await ask('{"model":"first","model":"fast"}')
    expect(result.engine.calls[0]?.request.model).toBe('fast')
    expect(bodyOf(result)).toContain('first')
  })

  test('cannot reach a prototype', async () => {
    await ask('{"model":"fast","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('that is no request is recorded', async () => {
    const { engine, status } = await ask('{"messages":[]}')
    expect(status).toBe(400)
    expect(engine.refused).toMatchObject([
      {
        operation: 'generate',
        format: 'anthropic',
        requestBytes: 15,
        principal: { role: 'admin' },
        error: { code: 'invalid_body' },
      },
    ])
  })
})

describe('limits', () => {
  test('on size hold for declared and undeclared lengths', async () => {
    const settings = { maxRequestBytes: 1000 }
    const large = JSON.stringify({ model: 'fast', note: 'x'.repeat(1000) })
    expect(await ask(large, { 'content-length': String(large.length) }, settings)).toMatchObject({
      status: 413,
      code: 'body_too_large',
    })
    expect(await ask(large, {}, settings)).toMatchObject({ status: 413, code: 'body_too_large' })
    expect((await ask(text, {}, settings)).status).toBe(200)
    expect((await ask(large, {}, { maxRequestBytes: undefined })).status).toBe(200)
  })

  test('on size end the connection, whose rest nobody reads', async () => {
    const { app } = createFixture({ maxRequestBytes: 10 })
    expect((await app.fetch(post(text))).headers.get('connection')).toBe('close')
  })

  test('on depth and number of values hold for small and large bodies', async () => {
    const settings = { maxJsonDepth: 20, maxJsonNodes: 500 }
    const filler = ' '.repeat(300_000)
    for (const padding of ['', filler]) {
      const deep = `{"model":"fast","x":${'['.repeat(20)}${']'.repeat(20)}${padding}}`
      const many = `{"model":"fast","x":[${Array(500).fill(1).join(',')}]${padding}}`
      expect(await ask(deep, {}, settings)).toMatchObject({
        status: 413,
        code: 'body_too_deep',
        message: expect.stringContaining('20 levels') as unknown as string,
      })
      expect(await ask(many, {}, settings)).toMatchObject({
        status: 413,
        code: 'body_too_deep',
        message: expect.stringContaining('500 values') as unknown as string,
      })
      expect((await ask(`{"model":"fast","x":[[[1]]]${padding}}`, {}, settings)).status).toBe(200)
    }
  })

  test('survive a million open brackets', async () => {
    expect(await ask('['.repeat(1_000_000))).toMatchObject({ status: 413, code: 'body_too_deep' })
    expect(await ask(`{"model":"fast","x":${'['.repeat(60_000)}${']'.repeat(60_000)}}`)).toMatchObject({
      status: 413,
      code: 'body_too_deep',
    })
    expect(await ask('['.repeat(60_000))).toMatchObject({ status: 400, code: 'invalid_json' })
  })
})

describe('compression', () => {
  const encodings: readonly [string, (data: string) => Buffer<ArrayBuffer>][] = [
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['GZIP', gzipSync],
    ['identity', (data) => Buffer.from(data)],
  ]

  test.each(encodings)('%s is undone', async (encoding, compress) => {
    expect(bodyOf(await ask(compress(text), { 'content-encoding': encoding }))).toBe(text)
  })

  test.each(encodings.slice(0, 6))('%s bombs are stopped at the limit', async (encoding, compress) => {
    const bomb = compress(`{"model":"fast","note":"${'0'.repeat(30_000_000)}"}`)
    expect(bomb.length).toBeLessThan(100_000)
    expect(await ask(bomb, { 'content-encoding': encoding }, { maxRequestBytes: 200_000 })).toMatchObject({
      status: 413,
      code: 'body_too_large',
    })
  })

  test.each(['gzip, br', 'br,gzip', 'compress', 'aws-chunked', '__proto__'])('%s is refused', async (encoding) => {
    expect(await ask(text, { 'content-encoding': encoding })).toMatchObject({ status: 415, code: 'unsupported_media_type' })
  })

  test('that is none is refused', async () => {
    for (const [encoding] of encodings.slice(0, 6)) {
      expect(await ask(text, { 'content-encoding': encoding })).toMatchObject({ status: 400, code: 'invalid_body' })
    }
    expect((await ask(gzipSync(text).subarray(0, 20), { 'content-encoding': 'gzip' })).status).toBe(400)
  })
})

describe('inline media', () => {
  const image = Buffer.alloc(2_000_000, 'pixels').toString('base64')

  test('of a large body stays out of the parsed form and in the bytes', async () => {
    const body = JSON.stringify({ model: 'fast', image: `data:image/png;base64,${image}` })
    const { engine } = await ask(body)
    const [call] = engine.calls
    expect(call?.body.blobs.size).toBe(1)
    expect(Buffer.from([...call!.body.blobs.values()][0]!).toString()).toBe(image)
    expect(Buffer.from(body).equals(call!.body.bytes)).toBe(true)
  })

  test('of a small body is parsed as it is', async () => {
    const { engine } = await ask(JSON.stringify({ model: 'fast', image: image.slice(0, 500_000) }))
    expect(engine.calls[0]?.body.blobs.size).toBe(0)
  })
})

const stalled = (first: string): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(first))
    },
  })

describe('a body that does not come', () => {
  test('is given up after half a minute', async () => {
    const { app, clock, engine } = createFixture()
    const pending = Promise.resolve(app.fetch(post(stalled('{"model":'))))
    await clock.advance(29_000)
    expect(Bun.peek.status(pending)).toBe('pending')
    await clock.advance(2_000)
    const response = await pending
    expect([response.status, response.headers.get('connection')]).toEqual([408, 'close'])
    expect(engine.refused[0]?.error.code).toBe('request_timeout')
    expect(clock.pending).toBe(0)
  })

  test('is given up when it trickles', async () => {
    const { app, clock } = createFixture()
    let pull: ReadableStreamDefaultController<Uint8Array> | undefined
    const trickle = new ReadableStream<Uint8Array>({ start: (controller) => void (pull = controller) })
    const pending = Promise.resolve(app.fetch(post(trickle)))
    for (let second = 0; second < 40 && Bun.peek.status(pending) === 'pending'; second++) {
      pull?.enqueue(new TextEncoder().encode(' '))
      await clock.advance(1_000)
    }
    expect(Bun.peek.status(pending)).toBe('fulfilled')
    expect((await pending).status).toBe(408)
  })

  test('is not given up while it comes at a fair pace', async () => {
    const { app, clock } = createFixture()
    let pull: ReadableStreamDefaultController<Uint8Array> | undefined
    const slow = new ReadableStream<Uint8Array>({ start: (controller) => void (pull = controller) })
    const pending = Promise.resolve(app.fetch(post(slow)))
    for (let step = 0; step < 12; step++) {
      pull?.enqueue(new Uint8Array(20_000).fill(0x20))
      await clock.advance(10_000)
    }
    pull?.enqueue(new TextEncoder().encode(text))
    pull?.close()
    await clock.advance(0)
    expect((await pending).status).toBe(200)
  })
})

describe('memory for large bodies', () => {
  const large = JSON.stringify({ model: 'fast', note: 'x'.repeat(100_000) })

  test('is shared by all requests: one too many is told to come again', async () => {
    const { app, engine } = createFixture({ maxBufferedBytes: 150_000 })
    let answer: ((served: Answer) => void) | undefined
    engine.answer = () => new Promise((resolve) => (answer = resolve))
    const first = app.fetch(post(large, { 'content-length': String(large.length) }))
    await Bun.sleep(0)
    const second = await app.fetch(post(large, { 'content-length': String(large.length) }))
    expect(second.status).toBe(503)
    expect(second.headers.get('retry-after')).toBe('1')
    expect(await second.json()).toMatchObject({ code: 'gateway_overloaded' })
    // Small ones are not counted.
    const small = app.fetch(post(text))
    await Bun.sleep(0)
    answer?.({ kind: 'whole', status: 200, headers: [], body: '{}' })
    expect((await small).status).toBe(200)
    engine.answer = () => ({ kind: 'whole', status: 200, headers: [], body: '{}' })
    void first
  })

  test('is given back when the answer is complete', async () => {
    const { app } = createFixture({ maxBufferedBytes: 150_000 })
    for (let index = 0; index < 5; index++) {
      const answer = await app.fetch(post(large, { 'content-length': String(large.length) }))
      expect(answer.status).toBe(200)
    }
  })

  test('is taken as a body grows that does not say how long it is', async () => {
    const chunks = Array.from({ length: 8 }, () => new TextEncoder().encode('x'.repeat(50_000)))
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => (chunks.length > 0 ? controller.enqueue(chunks.pop()) : controller.close()),
    })
    expect(await ask(body, {}, { maxBufferedBytes: 150_000 })).toMatchObject({ status: 503, code: 'gateway_overloaded' })
  })
})
