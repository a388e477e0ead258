import { describe, expect, test } from 'bun:test'
import { asProviderId } from '../ir/ids.ts'
import { CHAT } from '../../test/support/client-formats.ts'
import { drained, streamOf, testEngine, type Script, type TestEngine } from '../../test/support/engine-fixture.ts'

const engine = (script: Script): TestEngine =>
  testEngine(
    {
      providers: ['x', 'y'].map((id) => ({
        id,
        type: 'openai_compatible',
        base_url: `http://127.0.0.1:9/${id}/v1`,
        api_key: 'k',
      })),
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['x/m', 'y/m'], strategy: 'round_robin' }],
    },
    script,
  )

const USAGE = { prompt_tokens: 3_000, completion_tokens: 4, total_tokens: 3_004, prompt_tokens_details: { cached_tokens: 2_048 } }
const whole = (): Response => Response.json({ ...CHAT.whole(), usage: USAGE })
const streamed = (): Response =>
  new Response(
    CHAT.frames()
      .map((frame) => frame.replace(/"usage":\{.*?\}/, `"usage":${JSON.stringify(USAGE)}`))
      .join(''),
    { headers: { 'content-type': 'text/event-stream' } },
  )
const ask = (tested: TestEngine, session: string, stream = false): ReturnType<TestEngine['call']> =>
  tested.call(CHAT, CHAT.call('r', { stream }), { headers: { 'x-session-id': session } })
const sessionOf = (tested: TestEngine): unknown => tested.records.at(-1)?.decision.inputs.session

describe('a conversation', () => {
  test.each([
    ['whole', false],
    ['streamed', true],
  ])('knows what its last answer had cached, for five minutes: %s', async (_how, stream) => {
    const tested = engine(() => (stream ? streamed() : whole()))
    const answer = await ask(tested, 's', stream)
    if (stream) await drained(streamOf(answer))
    await ask(tested, 's')
    expect(sessionOf(tested)).toEqual({ target_id: 'x/m', account_id: 'default', cached_tokens: 2_048 })
    await tested.clock.advance(300_000)
    await ask(tested, 's')
    expect(sessionOf(tested)).toEqual({ target_id: 'x/m', account_id: 'default' })
  })

  test('that went elsewhere is not called back by a stream that ends late', async () => {
    const tested = engine(({ url }) => (url.includes('/x/') ? streamed() : whole()))
    const slow = streamOf(await ask(tested, 's', true))
    await tested.disables.disable({ subject: { scope: 'provider', provider: asProviderId('x') }, by: 'the test' })
    await ask(tested, 's')
    expect(tested.records.at(-1)?.served).toBe('y/m')
    await drained(slow)
    await ask(tested, 's')
    expect(sessionOf(tested)).toMatchObject({ target_id: 'y/m' })
  })
})
