import { describe, expect, test } from 'bun:test'
import { CHAT, CLIENT_FORMATS, MESSAGES, type ClientFormat } from '../../test/support/client-formats.ts'
import { drained, LiveBody, streamOf, testEngine, type Script, type TestEngine } from '../../test/support/engine-fixture.ts'

type Json = Record<string, unknown>

const engine = ({ format }: ClientFormat, script: Script, route: Json = {}): TestEngine =>
  testEngine(
    {
      providers: ['one', 'two'].map((id) => ({
        id,
        type: 'openai_compatible',
        format,
        base_url: `http://127.0.0.1:9/${id}/v1`,
        api_key: 'k',
      })),
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'], retry: { max_retries: 0 }, ...route }],
    },
    script,
  )

const HEDGED = { hedge: { enabled: true, delay_ms: 100 } }
const answer = (): Response => new Response(MESSAGES.frames().join(''), { headers: { 'content-type': 'text/event-stream' } })
/** A stream that has told its input tokens, and nothing of an answer yet. */
function begun(): LiveBody {
  const body = new LiveBody()
  body.push(MESSAGES.frames({ inputTokens: 700 })[0] ?? '')
  return body
}
const usageOf = (tested: TestEngine): unknown[] =>
  (tested.records[0]?.attempts ?? []).map(({ outcome, usage, usage_known }) => [outcome, usage, usage_known])

describe('an attempt tells what it used', () => {
  test('whole when it answered, with the request’s own figures', async () => {
    const tested = engine(CHAT, () => Response.json(CHAT.whole()))
    await tested.call(CHAT, CHAT.call('r'))
    const [record] = tested.records
    expect(usageOf(tested)).toEqual([['success', record?.usage, 'whole']])
    expect(record?.usage).toMatchObject({ inputTokens: 12, outputTokens: 4 })
  })

  test('nothing when it was plainly refused or never sent, beside the one that answered', async () => {
    const refused = Response.json(CHAT.error('requests', 'slow down', 'rate_limit_exceeded'), { status: 429 })
    const tested = engine(CHAT, (_request, index) => (index === 0 ? refused : Response.json(CHAT.whole())))
    await tested.call(CHAT, CHAT.call('r'))
    expect(usageOf(tested)).toMatchObject([
      ['failed', undefined, 'unused'],
      ['success', { outputTokens: 4 }, 'whole'],
    ])
    const strict = engine(MESSAGES, () => answer(), { translation: 'strict' })
    await strict.call(CHAT, { ...CHAT.call('r'), logit_bias: { 1: 1 } })
    expect(strict.sent).toHaveLength(0)
  })

  test('the part it had told, when it loses against another one', async () => {
    const slow = begun()
    const tested = engine(MESSAGES, (request) => (request.url.includes('/one/') ? slow.answer() : answer()), HEDGED)
    const answering = tested.call(MESSAGES, MESSAGES.call('r', { stream: true }))
    await tested.clock.advance(100)
    await drained(streamOf(await answering))
    expect(usageOf(tested)).toMatchObject([
      ['cancelled', { inputTokens: 700 }, 'partial'],
      ['success', { inputTokens: 12, outputTokens: 4 }, 'whole'],
    ])
    expect(tested.records[0]).toMatchObject({ usage: { inputTokens: 12 }, served: 'two/m' })
  })

  test('unknown, and marked as such, when it loses before anything came', async () => {
    const never = (): Promise<Response> => new Promise(() => undefined)
    const tested = engine(CHAT, (request) => (request.url.includes('/one/') ? never() : Response.json(CHAT.whole())), HEDGED)
    const answering = tested.call(CHAT, CHAT.call('r'))
    await tested.clock.advance(100)
    expect((await answering).kind).toBe('whole')
    expect(usageOf(tested)).toMatchObject([
      ['cancelled', undefined, 'unknown'],
      ['success', { outputTokens: 4 }, 'whole'],
    ])
  })

  test('the part it had told, when it breaks before its answer and another one serves', async () => {
    const broken = begun()
    const tested = engine(MESSAGES, (request) => (request.url.includes('/one/') ? broken.answer() : answer()))
    const answering = tested.call(MESSAGES, MESSAGES.call('r', { stream: true }))
    await tested.clock.advance(1)
    broken.break()
    await drained(streamOf(await answering))
    expect(usageOf(tested)).toMatchObject([
      ['failed', { inputTokens: 700 }, 'partial'],
      ['success', { inputTokens: 12 }, 'whole'],
    ])
  })

  describe('when its client leaves in the middle of a long answer', () => {
    const words = Array.from({ length: 400 }, (_, index) => 'considerable'.slice(0, 1 + (index % 11)))
    const all = words.join(' ')
    const pairs = CLIENT_FORMATS.flatMap((upstream) =>
      CLIENT_FORMATS.map((client) => ({ upstream, client, from: upstream.format, to: client.format })),
    )
    const cuts = ['one event a chunk', 'many', 'cut anywhere']

    test.each(pairs.flatMap((pair) => cuts.map((cut) => ({ ...pair, cut }))))(
      'of $from to $to, $cut',
      async ({ upstream, client, from, cut }) => {
        const live = new LiveBody()
        const frames = upstream.frames({ text: all, inputTokens: 70, outputTokens: 640 })
        const half = frames.slice(0, Math.floor(frames.length / 2))
        if (cut === 'many') live.push(half.join(''))
        else if (cut === 'cut anywhere') live.push(...(half.join('').match(/[^]{1,97}/g) ?? []))
        else live.push(...half)
        const tested = engine(upstream, () => live.answer())
        const leaving = new AbortController()
        const stream = streamOf(await tested.call(client, client.call('r', { stream: true }), { signal: leaving.signal }))
        const shown = upstream.streamText(half.join('')).length
        let seen = ''
        while (client.streamText(seen).length < shown - 12) seen += Buffer.from((await stream.next()) ?? '').toString()
        leaving.abort()
        const [attempt] = tested.records[0]?.attempts ?? []
        // Gemini tells in every frame, so there is nothing to estimate.
        const expected = from === 'gemini' ? 640 : shown / 4
        expect(attempt?.usage_known).toBe(from === 'gemini' ? 'partial' : 'estimated')
        expect(attempt?.usage?.outputTokens).toBeGreaterThan(expected * 0.75)
        expect(attempt?.usage?.outputTokens).toBeLessThan(expected * 1.25)
        expect(attempt?.usage?.inputTokens).toBeGreaterThan(0)
      },
    )
  })

  test.each([
    ['streamed', true],
    ['folded', false],
  ])('the part it had told, when its client leaves: %s', async (_how, stream) => {
    const live = begun()
    live.push(...MESSAGES.frames().slice(1, 4))
    const tested = engine(MESSAGES, () => live.answer())
    const client = new AbortController()
    const call = tested.call(MESSAGES, MESSAGES.call('r', { stream }), { signal: client.signal })
    if (stream) await streamOf(await call).next()
    else await tested.clock.advance(1)
    client.abort()
    await call
    expect(usageOf(tested)).toMatchObject([['cancelled', { inputTokens: 700, outputTokens: 3 }, 'estimated']])
    expect(tested.records[0]).toMatchObject({ status: 499, usage: { inputTokens: 700 } })
  })
})
