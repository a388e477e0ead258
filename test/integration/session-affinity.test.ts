import { afterEach, describe, expect, test } from 'bun:test'
import { CLIENT_FORMATS, type ClientFormat, GEMINI } from '../support/client-formats.ts'
import { TestWorld, type TestGateway } from '../support/gateway-fixture.ts'

type Json = Record<string, unknown>

const world = new TestWorld()
afterEach(() => world.closeAll())

const start = (sessions: Json = {}): Promise<TestGateway> =>
  world.gateway({
    server: { sessions },
    providers: [
      { id: 'a', type: 'mock' },
      { id: 'b', type: 'mock' },
    ],
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['a/echo', 'b/echo'], strategy: 'round_robin' }],
  })

/** A conversation of so many turns, in the client's own form. */
function conversation(client: ClientFormat, beginning: string, turns: number): Json {
  const texts = [beginning, ...Array.from({ length: turns - 1 }, (_, index) => ['an answer', `question ${index}`]).flat()]
  if (client === GEMINI) {
    const contents = texts.map((text, index) => ({ role: index % 2 === 0 ? 'user' : 'model', parts: [{ text }] }))
    return client.call('r', { contents })
  }
  const messages = texts.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }))
  return client.call('r', client.format === 'responses' ? { input: messages, store: false } : { messages })
}

async function served(gateway: TestGateway, client: ClientFormat, body: Json): Promise<{ by: string; session: string }> {
  const response = await gateway.post(client.path, body)
  await response.text()
  const { served: by, session_id: session } = await gateway.recordOf(response)
  return { by: by ?? 'nobody', session: session ?? 'none' }
}

describe.each(CLIENT_FORMATS.map((client) => [client.format, client] as const))(
  'a %s conversation without a name',
  (_format, client) => {
    test('stays with its target by its beginning, where the operator wants that', async () => {
      const gateway = await start({ hash_first_message: true })
      const first = await served(gateway, client, conversation(client, 'one secret beginning', 1))
      const second = await served(gateway, client, conversation(client, 'another beginning', 1))
      expect([first.by, second.by]).toEqual(['a/echo', 'b/echo'])
      for (const turns of [2, 3, 4]) {
        expect(await served(gateway, client, conversation(client, 'one secret beginning', turns))).toEqual(first)
        expect(await served(gateway, client, conversation(client, 'another beginning', turns))).toEqual(second)
      }
      expect(first.session).toMatch(/^msg_[0-9a-f]{32}$/)
      expect(second.session).not.toBe(first.session)
      // The hash says nothing to whoever guesses the text: another process has another salt.
      const other = await start({ hash_first_message: true })
      expect((await served(other, client, conversation(client, 'one secret beginning', 1))).session).not.toBe(first.session)
    })

    test('is known by nothing by default', async () => {
      const gateway = await start()
      const places: string[] = []
      for (const turns of [1, 2, 3, 4]) {
        const { by, session } = await served(gateway, client, conversation(client, 'one secret beginning', turns))
        places.push(by)
        expect(session).toBe('none')
      }
      expect(places).toEqual(['a/echo', 'b/echo', 'a/echo', 'b/echo'])
    })
  },
)

test('a preview knows the conversation as well', async () => {
  const gateway = await start({ hash_first_message: true })
  const client = CLIENT_FORMATS[0]!
  const first = await served(gateway, client, conversation(client, 'hello', 1))
  await served(gateway, client, conversation(client, 'something else', 1))
  const preview = await gateway.post('/v1/route-preview', conversation(client, 'hello', 2))
  expect(await preview.json()).toMatchObject({
    decision: { selected: { target_id: first.by }, inputs: { session: { target_id: first.by } } },
  })
})
