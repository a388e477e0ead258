import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, CLIENT_FORMATS, MESSAGES, refusing, serving, type ClientFormat } from '../support/client-formats.ts'
import type { FakeUpstream, Reply, ReplyFor } from '../support/fake-upstream.ts'
import { accountsNamed, eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'

type Json = Record<string, unknown>

const world = new TestWorld()
afterEach(() => world.closeAll())

const KEY = 'key-of-the-caller'
const BEARER = { authorization: `Bearer ${KEY}` }

interface Setup {
  readonly upstream: FakeUpstream
  readonly gateway: TestGateway
  post(client?: ClientFormat, body?: Json, headers?: Record<string, string>): Promise<Response>
}

async function setup(config: Json, reply?: Reply | ReplyFor, key: Json = {}): Promise<Setup> {
  const upstream = await world.upstream(reply ?? serving(CHAT))
  const gateway = await world.gateway({
    api_keys: [{ key: KEY, prefix: 'caller', tenant: 'team', project: 'app', owner: 'alice', ...key }],
    providers: [providerAt('up', upstream, 'openai')],
    ...config,
  })
  await priced(gateway, 'up/m')
  return {
    upstream,
    gateway,
    post: (client = CHAT, body = {}, headers = {}) =>
      gateway.post(client.path, { ...client.call('up/m'), ...body }, { headers: { ...BEARER, ...headers } }),
  }
}

/** 1 USD for a million tokens, in and out. */
async function priced(gateway: TestGateway, ...models: string[]): Promise<void> {
  const { compileOverrides } = await import('../../src/catalog/prices/override-prices.ts')
  await gateway.gateway.prices.warm()
  gateway.gateway.prices.replaceOverrides(
    compileOverrides({ prices: Object.fromEntries(models.map((model) => [model, { input: 1, output: 1 }])) } as never),
  )
}
