import { describe, expect, test } from 'bun:test'
import { createFixture, FakeStream, request, type HttpAppFixture } from '../../test/support/http-app-fixture.ts'

const call = { model: 'fast', messages: [], stream: true }

/** Starts a streamed answer and reads from it. */
async function start(
  pingMs = 15_000,
): Promise<HttpAppFixture & { stream: FakeStream; response: Response; reader: ReadableStreamDefaultReader<Uint8Array> }> {
  const fixture = createFixture()
  const stream = new FakeStream(pingMs)
  fixture.engine.answer = () => ({ kind: 'stream', status: 200, headers: [['x-switchback-route', 'selected=a/b']], stream })
  const response = await fixture.app.fetch(request('/v1/chat/completions', { json: call }))
  return { ...fixture, stream, response, reader: response.body!.getReader() }
}

const textOf = (chunk: { value?: Uint8Array | undefined }): string => new TextDecoder().decode(chunk.value)

describe('a streamed answer', () => {
  test('has the headers that keep proxies from holding it back', async () => {
    const { response } = await start()
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-switchback-route': 'selected=a/b',
    })
  })

  test('passes chunks on as they come, and ends', async () => {
    const { stream, reader, app } = await start()
    stream.send('data: 1\n\n')
    expect(textOf(await reader.read())).toBe('data: 1\n\n')
    stream.send('data: 2\n\n')
    stream.end()
    expect(textOf(await reader.read())).toBe('data: 2\n\n')
    expect(app.active).toBe(1)
    expect((await reader.read()).done).toBe(true)
    expect([app.active, stream.cancelled]).toEqual([0, 0])
  })

  test('is pulled only as fast as the client reads', async () => {
    const { stream, reader, clock } = await start()
    for (let chunk = 0; chunk < 10; chunk++) stream.send(`data: ${chunk}\n\n`)
    await clock.advance(0)
    expect(stream.pulls).toBe(0)
    await reader.read()
    await clock.advance(0)
    expect(stream.pulls).toBe(1)
  })

  test('is given up when the client goes away, also in the middle of a wait', async () => {
    const { stream, reader, app, clock } = await start()
    void reader.read()
    await clock.advance(0)
    await reader.cancel()
    expect(stream.cancelled).toBe(1)
    await clock.advance(60_000)
    expect([app.active, clock.pending]).toEqual([0, 0])
  })

  test('that fails, which it promises not to, ends all the same', async () => {
    const { stream, reader, app } = await start()
    stream.next = () => Promise.reject(new Error('a fault'))
    expect(reader.read()).rejects.toThrow()
    expect([app.active, stream.cancelled]).toEqual([0, 1])
  })

  test('is given up at once when the client went away before it began', async () => {
    const { app, engine, clock } = createFixture()
    const stream = new FakeStream()
    const gone = new AbortController()
    engine.answer = () => {
      gone.abort()
      return { kind: 'stream', status: 200, headers: [], stream }
    }
    const response = await app.fetch(request('/v1/chat/completions', { json: call, signal: gone.signal }))
    expect(response.status).toBe(499)
    await clock.advance(100)
    expect([stream.cancelled, app.active, clock.pending]).toEqual([1, 0, 0])
  })
})

test('a stream that no server ever reads is given up when its client is gone', async () => {
  const { app, engine, clock } = createFixture()
  const stream = new FakeStream()
  const gone = new AbortController()
  engine.answer = () => ({ kind: 'stream', status: 200, headers: [], stream })
  await app.fetch(request('/v1/chat/completions', { json: call, signal: gone.signal }))
  gone.abort()
  await clock.advance(1_000)
  expect([stream.cancelled, app.active, clock.pending]).toEqual([1, 0, 0])
})

describe('a keep-alive', () => {
  test('comes when nothing was written for long, again and again, and not before', async () => {
    const { stream, reader, clock } = await start()
    const first = reader.read()
    await clock.advance(14_000)
    expect(Bun.peek.status(first)).toBe('pending')
    await clock.advance(1_000)
    expect(textOf(await first)).toBe(': ping\n\n')
    const second = reader.read()
    await clock.advance(14_000)
    expect(Bun.peek.status(second)).toBe('pending')
    await clock.advance(1_000)
    expect(textOf(await second)).toBe(': ping\n\n')
    stream.send('data: 1\n\n')
    expect(textOf(await reader.read())).toBe('data: 1\n\n')
  })

  test('is put off by every chunk', async () => {
    const { stream, reader, clock } = await start()
    await clock.advance(10_000)
    stream.send('data: 1\n\n')
    await reader.read()
    const next = reader.read()
    await clock.advance(14_000)
    expect(Bun.peek.status(next)).toBe('pending')
    await clock.advance(1_000)
    expect(textOf(await next)).toBe(': ping\n\n')
  })

  test('is not piled up for a client that does not read', async () => {
    const { reader, stream, clock } = await start()
    void reader.read()
    await clock.advance(200_000)
    stream.send('data: 1\n\n')
    const texts = [textOf(await reader.read()), textOf(await reader.read())]
    expect(texts).toEqual([': ping\n\n', 'data: 1\n\n'])
  })

  test('needs one timer for all streams, and none when there is no stream', async () => {
    const { app, engine, clock } = createFixture()
    expect(clock.pending).toBe(0)
    const streams = Array.from({ length: 50 }, () => new FakeStream())
    const readers: ReadableStreamDefaultReader<Uint8Array>[] = []
    for (const stream of streams) {
      engine.answer = () => ({ kind: 'stream', status: 200, headers: [], stream })
      const response = await app.fetch(request('/v1/chat/completions', { json: call }))
      readers.push(response.body!.getReader())
    }
    await clock.advance(100)
    expect([clock.pending, app.active]).toEqual([1, 50])
    for (const reader of readers) await reader.cancel()
    expect([clock.pending, app.active]).toEqual([0, 0])
  })
})
