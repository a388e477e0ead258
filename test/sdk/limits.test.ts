import Anthropic from '@anthropic-ai/sdk'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { serving, CHAT } from '../support/client-formats.ts'
import { TestWorld, providerAt } from '../support/gateway-fixture.ts'
import { setPrices } from '../support/limits-world.ts'

const world = new TestWorld()
let url: string
let calls: number
let upstreamCalls: () => number

/** Keys by what refuses them. */
const KEYS = { broke: 'key-of-the-broke', unpriced: 'key-unpriced' } as const

beforeEach(async () => {
  calls = 0
  const upstream = await world.upstream(serving(CHAT))
  const gateway = await world.gateway({
    providers: [providerAt('up', upstream, 'openai')],
    api_keys: [
      { key: KEYS.broke, prefix: 'broke', budget: { daily_usd: 0 } },
      { key: KEYS.unpriced, prefix: 'unpriced', budget: { daily_usd: 5 } },
    ],
  })
  await setPrices(gateway, ['up/priced'])
  url = gateway.url
  upstreamCalls = () => upstream.requests.length
})
afterEach(() => world.closeAll())

/** SDK clients as they come, with their own retries. */
const counted = Object.assign(
  async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    calls++
    return fetch(input, init)
  },
  { preconnect: fetch.preconnect },
)

const CLIENTS = {
  'openai chat.completions': async (apiKey: string, model: string): Promise<unknown> =>
    new OpenAI({ apiKey, baseURL: `${url}/v1`, fetch: counted }).chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Hi' }],
    }),
  'openai responses': async (apiKey: string, model: string): Promise<unknown> =>
    new OpenAI({ apiKey, baseURL: `${url}/v1`, fetch: counted }).responses.create({ model, input: 'Hi', stream: true }),
  anthropic: async (apiKey: string, model: string): Promise<unknown> =>
    new Anthropic({ apiKey, baseURL: url, fetch: counted }).messages.create({
      model,
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Hi' }],
    }),
} as const

async function thrownBy(call: Promise<unknown>): Promise<{ status?: number; message: string }> {
  try {
    await call
  } catch (error) {
    return error as { status?: number; message: string }
  }
  throw new Error('the call succeeded')
}

describe.each(Object.entries(CLIENTS))('%s, with its own retries,', (_name, call) => {
  test('stops after one call when the budget is spent, and shows our sentence', async () => {
    const error = await thrownBy(call(KEYS.broke, 'up/priced'))
    expect(error.status).toBe(402)
    expect(error.message).toContain("This key's daily budget of $0 is spent ($0). Ask the operator")
    expect([calls, upstreamCalls()]).toEqual([1, 0])
  })

  test('stops after one call when nobody knows the price, and shows the command', async () => {
    const error = await thrownBy(call(KEYS.unpriced, 'up/unknown'))
    expect(error.status).toBe(402)
    expect(error.message).toContain('switchback price set up/unknown --input')
    expect([calls, upstreamCalls()]).toEqual([1, 0])
  })
})

test('the AI SDK stops after one call, too', async () => {
  const openai = createOpenAI({ apiKey: KEYS.broke, baseURL: `${url}/v1`, fetch: counted })
  const error = await thrownBy(generateText({ model: openai.chat('up/priced'), prompt: 'Hi' }))
  expect(error.message).toContain("This key's daily budget of $0 is spent")
  expect(calls).toBe(1)
})
