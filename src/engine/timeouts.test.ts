import { describe, expect, test } from 'bun:test'
import { CHAT, CLIENT_FORMATS, GEMINI, MESSAGES, type ClientFormat } from '../../test/support/client-formats.ts'
import {
  drained,
  errorOf,
  LiveBody,
  streamOf,
  testEngine,
  type Script,
  type TestEngine,
} from '../../test/support/engine-fixture.ts'

const TIMEOUTS = { connect_ms: 1_000, first_token_ms: 10_000, read_ms: 30_000 }
const EACH = CLIENT_FORMATS.map((client): [string, ClientFormat] => [client.format, client])
const never = (): Promise<Response> => new Promise(() => {})

function engine(
  script: Script,
  timeouts: Record<string, unknown> = TIMEOUTS,
  extra: Record<string, unknown> = {},
  format = 'openai',
): TestEngine {
  return testEngine(
    {
      providers: ['one', 'two'].map((id) => ({
        id,
        type: 'openai_compatible',
        format,
        base_url: `http://127.0.0.1:9/${id}/v1`,
        auth_scheme: { kind: 'none' },
        ...extra,
      })),
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m'], timeouts, retry: { max_retries: 0 } }],
    },
    script,
  )
}

/** The answer, and the time at which it came. */
async function timed<T>(tested: TestEngine, answer: Promise<T>, untilMs: number): Promise<{ answer: T; at: number }> {
  const seen: { answer: T; at: number }[] = []
  void answer.then((value) => seen.push({ answer: value, at: tested.clock.now() }))
  for (let time = 0; time < untilMs; time += 250) {
    await tested.clock.advance(250)
    const [first] = seen
    if (first !== undefined) return first
  }
  throw new Error(`nothing was answered within ${untilMs} ms`)
}

describe('the time limits of an attempt', () => {
  test('an origin that takes no connection is given up after the connect time', async () => {
    const tested = engine(never)
    tested.reachable = false
    const { answer, at } = await timed(tested, tested.call(CHAT, CHAT.call('r')), 20_000)
    expect(errorOf(answer).code).toBe('upstream_connect_failed')
    expect(at).toBeWithin(1_000, 1_251)
    expect(tested.probed).toEqual(['http://127.0.0.1:9'])
  })

  test('one that takes connections and thinks is given the first-token time of a stream', async () => {
    const tested = engine(never)
    const { answer, at } = await timed(tested, tested.call(CHAT, CHAT.call('r', { stream: true })), 20_000)
    expect(errorOf(answer)).toMatchObject({ code: 'upstream_timeout', httpStatus: 504 })
    expect(at).toBeWithin(10_000, 10_251)
    expect(tested.sent[0]?.signal.aborted).toBe(true)
  })

  test('headers and held frames do not count as a first token', async () => {
    const body = new LiveBody()
    const tested = engine(() => body.answer())
    const answer = tested.call(CHAT, CHAT.call('r', { stream: true }))
    await tested.clock.advance(9_000)
    body.push(CHAT.frames()[0]!)
    const result = await timed(tested, answer, 20_000)
    expect(errorOf(result.answer).code).toBe('upstream_timeout')
    expect(result.at).toBeWithin(10_000, 10_251)
  })

  test('a whole answer may take as long as silence is allowed, since it comes all at once', async () => {
    const tested = engine(never)
    const { answer, at } = await timed(tested, tested.call(CHAT, CHAT.call('r')), 60_000)
    expect(errorOf(answer).code).toBe('upstream_timeout')
    expect(at).toBeWithin(30_000, 30_251)
  })

  test.each(EACH)('silence in the middle of a stream is limited, and told in band to %s clients', async (_name, client) => {
    const body = new LiveBody()
    const tested = engine(() => body.answer(), TIMEOUTS, {}, client.format)
    const frames = client.frames({ text: 'one two' })
    body.push(...frames.slice(0, client === CHAT || client === GEMINI ? 2 : 4))
    if (client.format === 'responses') body.push(frames[4]!)
    const stream = streamOf(await tested.call(client, client.call('r', { stream: true })))
    const first = Buffer.from((await stream.next()) ?? []).toString()
    const rest = timed(tested, drained(stream), 60_000)
    const { answer: text, at } = await rest
    expect(client.streamText(first + text)).toBe('one')
    expect(client.inBandError(first + text)?.message).toContain('30000 ms')
    expect(at).toBeWithin(30_000, 30_301)
    expect(tested.records).toMatchObject([
      { status: 200, error_code: 'upstream_timeout', attempts: [{ outcome: 'failed', next: 'stop' }] },
    ])
  })

  test('a stream that keeps coming is not silent, however long it takes', async () => {
    const body = new LiveBody()
    const tested = engine(() => body.answer())
    const [start, delta, ...rest] = CHAT.frames({ text: 'on' })
    body.push(start!, delta!)
    const stream = streamOf(await tested.call(CHAT, CHAT.call('r', { stream: true })))
    for (let minute = 0; minute < 5; minute++) {
      await stream.next()
      const next = stream.next()
      await tested.clock.advance(29_000)
      body.push(delta!)
      await next
      body.push(delta!)
    }
    body.push(...rest)
    body.end()
    expect(CHAT.inBandError(await drained(stream))).toBeUndefined()
    expect(tested.records[0]?.error_code).toBeUndefined()
  })

  test('a client that does not read is no silence of the upstream', async () => {
    const body = new LiveBody()
    const tested = engine(() => body.answer())
    body.push(...CHAT.frames().slice(0, 2))
    const stream = streamOf(await tested.call(CHAT, CHAT.call('r', { stream: true })))
    await stream.next()
    await tested.clock.advance(600_000)
    body.push(...CHAT.frames().slice(2))
    body.end()
    expect(CHAT.hasEnd(await drained(stream))).toBe(true)
  })

  test('the total limit holds over all attempts and cannot be extended by a stream that keeps coming', async () => {
    const body = new LiveBody()
    const tested = engine(() => body.answer(), { ...TIMEOUTS, total_ms: 60_000 })
    body.push(...CHAT.frames().slice(0, 2))
    const stream = streamOf(await tested.call(CHAT, CHAT.call('r', { stream: true })))
    await stream.next()
    let text = ''
    let at = 0
    for (let tick = 0; tick < 10; tick++) {
      const next = stream.next().then((chunk) => {
        text += Buffer.from(chunk ?? []).toString()
        if (CHAT.inBandError(text) !== undefined) at ||= tested.clock.now()
      })
      await tested.clock.advance(10_000)
      if (at !== 0) break
      body.push(CHAT.frames()[1]!)
      await next
    }
    expect(at).toBeWithin(60_000, 60_051)
    expect(await stream.next()).toBeUndefined()
    expect(tested.records[0]).toMatchObject({ error_code: 'deadline_exceeded' })
  })

  test('with the total limit used up no further target is tried', async () => {
    const tested = testEngine(
      {
        providers: ['one', 'two'].map((id) => ({
          id,
          type: 'openai_compatible',
          base_url: `http://127.0.0.1:9/${id}/v1`,
          auth_scheme: { kind: 'none' },
        })),
        routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'], timeouts: { ...TIMEOUTS, total_ms: 5_000 } }],
      },
      never,
    )
    const { answer, at } = await timed(tested, tested.call(CHAT, CHAT.call('r')), 60_000)
    expect(errorOf(answer)).toMatchObject({ code: 'deadline_exceeded', httpStatus: 504 })
    expect(at).toBeWithin(5_000, 5_251)
    expect(tested.sent.length).toBe(1)
  })

  test('a folded stream that keeps coming may take longer than any silence', async () => {
    const body = new LiveBody()
    const tested = engine(() => body.answer(), TIMEOUTS, { quirks: { first_party: true } }, 'anthropic')
    const answer = tested.call(MESSAGES, { ...MESSAGES.call('r'), max_tokens: 64_000 })
    const frames = MESSAGES.frames({ text: 'one two three four' })
    for (const frame of frames) {
      await tested.clock.advance(29_000)
      body.push(frame)
    }
    await tested.clock.advance(100)
    body.end()
    await tested.clock.advance(100)
    const result = await answer
    if (result.kind !== 'whole') throw new Error(`the answer is ${result.kind}`)
    expect(MESSAGES.textOf(JSON.parse(String(result.body)))).toBe('one two three four')
    expect(JSON.parse(tested.sent[0]?.body as string)).toMatchObject({ stream: true })
  })

  test('nothing is left behind: no timer runs once a request is over', async () => {
    const tested = engine(() => Response.json(CHAT.whole()))
    await tested.call(CHAT, CHAT.call('r'))
    await tested.clock.advance(100)
    expect(tested.clock.pending).toBe(0)
    expect(tested.engine.active).toBe(0)
  })

  test('waiting, back-off and time-outs are no overhead of the gateway', async () => {
    let calls = 0
    const tested = testEngine(
      {
        providers: [{ id: 'one', type: 'openai_compatible', base_url: 'http://127.0.0.1:9/v1', auth_scheme: { kind: 'none' } }],
        routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m'], timeouts: TIMEOUTS, retry: { max_retries: 3 } }],
      },
      async () => {
        if (++calls < 3) return Response.json(CHAT.error('server_error', 'no'), { status: 500 })
        await tested.clock.sleep(2_000)
        return Response.json(CHAT.whole())
      },
    )
    const answer = tested.call(CHAT, CHAT.call('r'))
    await tested.clock.advance(5_000)
    expect((await answer).headers).toContainEqual(['x-switchback-overhead-us', '0'])
    expect(tested.records[0]?.timings.total_ms).toBeGreaterThan(2_000)
  })
})
