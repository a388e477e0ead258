import { afterEach, describe, expect, test } from 'bun:test'
import type { RequestBody } from '../../src/engine/engine.ts'
import { passthroughBody } from '../../src/engine/request-body.ts'
import { CHAT, CLIENT_FORMATS, GEMINI, serving, type ClientFormat } from '../support/client-formats.ts'
import { providerAt, TestWorld } from '../support/gateway-fixture.ts'
import { Dice, editable, oddBody, oddJson, replaced, type TextMember } from '../support/json-text.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const BODIES = 100_000
const SERVED = 'served-model'
const MODEL_KEYS = ['"model"', '"model"', '"model"', '"\\u006dodel"', '"mode\\u006C"', '"\\u006d\\u006f\\u0064\\u0065\\u006c"']
const MODELS = ['"up/m"', '"gpt-4"', '"\\u0075p/m"', '"a\\"b"', '"漢"', '""']

const bytesOf = (made: string | readonly Uint8Array[]): Buffer =>
  typeof made === 'string' ? Buffer.from(made) : Buffer.concat(made)
/** As the HTTP layer hands it over: with the text beside the bytes when they are the same. */
function bodyOf(text: string): RequestBody {
  const bytes = Buffer.from(text)
  return { bytes, text: text.length === bytes.length && text.length % 2 === 0 ? text : undefined, blobs: new Map() }
}

/** One top-level model in most bodies, now and then several; one that is alone is a string, as every request must have it. */
function modelMembers(dice: Dice): TextMember[] {
  const count = dice.pick([1, 1, 1, 1, 1, 1, 2, 3])
  return Array.from({ length: count }, () =>
    editable(dice, dice.pick(MODEL_KEYS), count > 1 && dice.roll(3) === 0 ? oddJson(dice) : dice.pick(MODELS)),
  )
}

describe('a body that passes through', () => {
  test(`is the client’s own, byte for byte, but for the model (${BODIES} bodies)`, () => {
    const dice = new Dice(20_260_301)
    for (let index = 0; index < BODIES; index++) {
      const { text, edits } = oddBody(dice, modelMembers(dice))
      const wanted = replaced(text, edits, JSON.stringify(SERVED))
      const made = passthroughBody(bodyOf(text), { model: SERVED, addStreamUsage: false })
      if (bytesOf(made).equals(Buffer.from(wanted))) continue
      throw new Error(`body ${index} differs\nsent:   ${text}\nwanted: ${wanted}\nmade:   ${bytesOf(made).toString()}`)
    }
  }, 20_000)

  test('gains a request for usage in front, or inside the options it already has, and nothing else changes', () => {
    const dice = new Dice(7)
    for (let index = 0; index < 20_000; index++) {
      const has = dice.roll(2) === 0
      const options = dice.pick(['{}', '{ "include_usage" : false }', '{"include_obfuscation":true}', 'null'])
      const members = [...modelMembers(dice), ...(has ? [{ text: `"stream_options":${options}` }] : [])]
      const { text, edits } = oddBody(dice, members)
      const made = bytesOf(passthroughBody(bodyOf(text), { model: SERVED, addStreamUsage: true })).toString()
      const renamed = replaced(text, edits, JSON.stringify(SERVED))
      const wanted = has
        ? renamed.replace(
            `"stream_options":${options}`,
            () => `"stream_options":${JSON.stringify({ ...JSON.parse(options), include_usage: true })}`,
          )
        : renamed.replace('{', () => '{"stream_options":{"include_usage":true},')
      if (made !== wanted && !nestedOptions(text, options)) throw new Error(`body ${index}\nwanted: ${wanted}\nmade:   ${made}`)
      expect((JSON.parse(made) as { stream_options: unknown }).stream_options).toMatchObject({ include_usage: true })
    }
  }, 20_000)
})

/** The odd part of a body may hold the same words further in, where the replacement of this test would hit them first. */
const nestedOptions = (text: string, options: string): boolean =>
  text.split(`"stream_options":${options}`).length !== 2 || text.includes('"stream_options" ')

describe('over real connections', () => {
  test('the upstream receives exactly the bytes that were sent, but for the model', async () => {
    const dice = new Dice(99)
    for (const client of CLIENT_FORMATS) {
      const upstream = await world.upstream(serving(client))
      const gateway = await world.gateway({ providers: [providerAt('up', upstream, client.format)] })
      const wanted: string[] = []
      for (let index = 0; index < 120; index++) {
        const { text, edits } = oddBody(dice, [...callMembers(client), editable(dice, dice.pick(MODEL_KEYS), '"up/m-1"')])
        // Bodies of Gemini name the collection too.
        wanted.push(replaced(text, edits, client === GEMINI ? '"models/m-1"' : '"m-1"'))
        const response = await gateway.post(client.path, text)
        expect(`${index} ${response.status}`).toBe(`${index} 200`)
        await response.arrayBuffer()
      }
      expect(upstream.requests.map((request) => request.text)).toEqual(wanted)
      expect((await gateway.records()).every(({ attempts }) => attempts[0]?.passthrough === true)).toBe(true)
    }
  })

  test('the client receives exactly the bytes the upstream sent, but for the model', async () => {
    const dice = new Dice(5)
    const upstream = await world.upstream()
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    for (let index = 0; index < 100; index++) {
      const rest = { ...CHAT.whole() }
      delete rest['model']
      const members = Object.entries(rest).map(([key, value]): TextMember => ({
        text: `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
      }))
      const { text, edits } = oddBody(dice, [...members, editable(dice, '"model"', '"m-1-2026"')])
      upstream.enqueue({ body: [text] })
      const response = await gateway.post(CHAT.path, CHAT.call('up/m-1'))
      expect(await response.text()).toBe(replaced(text, edits, '"up/m-1"'))
    }
  })

  test('a large body with an image arrives byte for byte, pass-through and translated', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    const image = Buffer.alloc(3 * 1024 * 1024, 'QUJD').toString()
    const content = [
      { type: 'text', text: 'what is this' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
    ]
    const body = JSON.stringify({ big: 1, model: 'up/m', messages: [{ role: 'user', content }] }).replace(
      '"big":1',
      '"big": 12345678901234567890',
    )
    expect((await gateway.post(CHAT.path, body)).status).toBe(200)
    expect(upstream.requests[0]?.text === body.replace('up/m', 'm')).toBe(true)
    const source = { type: 'base64', media_type: 'image/png', data: image }
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what is this' },
          { type: 'image', source },
        ],
      },
    ]
    expect((await gateway.post('/v1/messages', { model: 'up/m', max_tokens: 10, messages })).status).toBe(200)
    expect(upstream.requests[1]?.json).toMatchObject({ messages: [{ content }] })
  })
})

const callMembers = (client: ClientFormat): TextMember[] =>
  Object.entries(client.call('unused'))
    .filter(([key]) => key !== 'model')
    .map(([key, value]) => ({ text: `${JSON.stringify(key)}:${JSON.stringify(value)}` }))
