import { describe, expect, test } from 'bun:test'
import { CHAT, CLIENT_FORMATS, GEMINI, RESPONSES, type ClientFormat } from '../../test/support/client-formats.ts'
import {
  drained,
  errorOf,
  LiveBody,
  streamOf,
  testEngine,
  type Script,
  type TestEngine,
} from '../../test/support/engine-fixture.ts'

const EACH = CLIENT_FORMATS.map((client): [string, ClientFormat] => [client.format, client])
const COMMIT_MS = 15_000

function engine(format: string, script: Script): TestEngine {
  return testEngine(
    {
      providers: ['one', 'two'].map((id) => ({
        id,
        type: 'openai_compatible',
        format,
        base_url: `http://127.0.0.1:9/${id}/v1`,
        auth_scheme: { kind: 'none' },
      })),
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'], retry: { max_retries: 0 } }],
    },
    script,
  )
}

describe.each(EACH)('a %s stream that does not begin', (_name, client) => {
  const call = client.call('r', { stream: true })

  test('is committed after the configured time: status 200 and a comment, nothing of an answer', async () => {
    const body = new LiveBody()
    const tested = engine(client.format, () => body.answer())
    body.push(client.frames()[0]!)
    let committed = false
    const answer = tested.call(client, call).then((result) => ((committed = true), result))
    await tested.clock.advance(COMMIT_MS - 100)
    expect(committed).toBe(false)
    await tested.clock.advance(200)
    expect(committed).toBe(true)
    const stream = streamOf(await answer)
    expect(Buffer.from((await stream.next())!).toString()).toMatch(/^: [^\n]+\n\n$/)
    body.push(...client.frames({ text: 'late but good' }).slice(1))
    body.end()
    const rest = await drained(stream)
    expect(client.streamText(rest)).toBe('late but good')
    expect(client.hasEnd(rest)).toBe(true)
    expect(tested.records).toMatchObject([{ status: 200, committed_early: true, served: 'one/m' }])
  })

  test('can still fall back behind its 200', async () => {
    const first = new LiveBody()
    const second = new LiveBody()
    const tested = engine(client.format, (_request, index) => (index === 0 ? first : second).answer())
    const answer = tested.call(client, call)
    await tested.clock.advance(COMMIT_MS + 100)
    const stream = streamOf(await answer)
    await stream.next()
    const rest = drained(stream)
    first.break()
    await tested.clock.advance(1_000)
    second.push(...client.frames({ text: 'from the second' }))
    second.end()
    const text = await rest
    expect(client.streamText(text)).toBe('from the second')
    expect(client.inBandError(text)).toBeUndefined()
    expect(tested.records).toMatchObject([
      { status: 200, committed_early: true, served: 'two/m', attempts: [{ outcome: 'failed' }, { outcome: 'success' }] },
    ])
  })

  test('tells a final failure in band, with its kind', async () => {
    const tested = engine(client.format, async () => {
      await tested.clock.sleep(10_000)
      return Response.json(client.error('overloaded_error', 'Overloaded for good'), { status: 529 })
    })
    const answer = tested.call(client, call)
    await tested.clock.advance(COMMIT_MS + 100)
    const stream = streamOf(await answer)
    await stream.next()
    const rest = drained(stream)
    await tested.clock.advance(10_000)
    const text = await rest
    expect(client.inBandError(text)?.message).toBe('Overloaded for good')
    if (client !== RESPONSES) expect(client.inBandError(text)?.type).toBe(client === GEMINI ? 'UNAVAILABLE' : 'overloaded_error')
    expect(client.hasEnd(text)).toBe(false)
    expect(tested.sent.length).toBe(2)
    expect(tested.records).toMatchObject([{ status: 200, error_code: 'upstream_overloaded', committed_early: true }])
  })

  test('is cancelled behind its 200 when the client goes away', async () => {
    const body = new LiveBody()
    const abort = new AbortController()
    const tested = engine(client.format, () => body.answer())
    const answer = tested.call(client, call, { signal: abort.signal })
    await tested.clock.advance(COMMIT_MS + 100)
    const stream = streamOf(await answer)
    await stream.next()
    const waiting = stream.next()
    stream.cancel()
    await tested.clock.advance(1_000)
    await waiting
    expect(tested.sent[0]?.signal.aborted).toBe(true)
    expect(tested.sent.length).toBe(1)
    expect(tested.records).toMatchObject([{ status: 499, committed_early: true, attempts: [{ outcome: 'cancelled' }] }])
    expect(tested.engine.active).toBe(0)
  })
})

describe('holding', () => {
  test.each(EACH)('nothing of a %s stream is handed over before its first semantic event', async (_name, client) => {
    const body = new LiveBody()
    const tested = engine(client.format, () => body.answer())
    const frames = client.frames({ text: 'now it begins' })
    const held = { openai: 1, responses: 2, anthropic: 3, gemini: 1 }[client.format]
    let begun = false
    const answer = tested.call(client, client.call('r', { stream: true })).then((result) => ((begun = true), result))
    for (const frame of frames.slice(0, held)) {
      body.push(frame, ': keep-alive\n\n')
      await tested.clock.advance(1_000)
      expect(begun).toBe(false)
    }
    body.push(...frames.slice(held))
    body.end()
    const text = await drained(streamOf(await answer))
    // What was held comes out first, in order.
    expect(client.streamText(text)).toBe('now it begins')
    expect(text.indexOf('keep-alive')).toBeLessThan(text.indexOf('now'))
    expect(tested.records[0]).toMatchObject({ status: 200, committed_early: undefined })
  })

  test('stops at the limit: a flood of empty frames is handed over rather than kept', async () => {
    const body = new LiveBody()
    const tested = testEngine(
      {
        server: { stream: { hold_bytes: 1_024 } },
        providers: [{ id: 'one', type: 'openai_compatible', base_url: 'http://127.0.0.1:9/v1', auth_scheme: { kind: 'none' } }],
      },
      () => body.answer(),
    )
    const answer = tested.call(CHAT, CHAT.call('one/m', { stream: true }))
    const [start] = CHAT.frames()
    for (let bytes = 0; bytes <= 1_024; bytes += start!.length) body.push(start!)
    const stream = streamOf(await answer)
    expect((await stream.next())?.length).toBeGreaterThan(1_024)
    stream.cancel()
  })

  test('a stream whose only content is its end is an answer', async () => {
    const body = new LiveBody()
    const tested = engine('openai', () => body.answer())
    const frames = CHAT.frames({ text: 'x' })
    body.push(frames[0]!, ...frames.slice(2))
    body.end()
    expect(CHAT.hasEnd(await drained(streamOf(await tested.call(CHAT, CHAT.call('r', { stream: true })))))).toBe(true)
  })

  test('without a stream nothing is committed early: the client waits for a real status', async () => {
    const tested = engine('openai', async () => {
      await tested.clock.sleep(40_000)
      return Response.json(CHAT.error('server_error', 'no'), { status: 500 })
    })
    const answer = tested.call(CHAT, CHAT.call('r'))
    await tested.clock.advance(90_000)
    expect(errorOf(await answer).httpStatus).toBe(500)
  })
})
