import { afterEach, expect, test } from 'bun:test'
import { CHAT } from '../support/client-formats.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers } from '../support/suite-servers.ts'
import { eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { freshName } from '../support/shared-state.ts'
import { sseReply } from '../support/upstream-answers.ts'

type Json = Record<string, unknown>

describeWithServers(['postgres', 'redis'], 'a key that ends at one of several gateways', () => {
  const servers = suiteServers()
  const world = new TestWorld()
  afterEach(() => world.closeAll())

  const bearing = (key: string): RequestInit => ({ headers: { authorization: `Bearer ${key}` } })
  /** Two gateways, a key issued at the first, and its stream that runs at the second. */
  const streaming = async () => {
    const upstream = await world.upstream(sseReply([...CHAT.frames({ text: 'one two three' }).slice(0, -2), { stall: true }]))
    const name = freshName('revocation')
    const config = {
      api_keys: [{ key: 'key-of-the-admin', prefix: 'root', role: 'admin' }],
      providers: [providerAt('up', upstream, 'openai')],
      state: { store: servers.postgres.url(`?schema=${name}`), coordination: servers.redis.url(`?prefix=${name}`) },
    }
    const [here, there] = [await world.gateway(config), await world.gateway(config)]
    const order = async (path: string, body: Json): Promise<Json> => {
      const response = await here.post(path, body, bearing('key-of-the-admin'))
      expect(response.status).toBe(200)
      return (await response.json()) as Json
    }
    const { key, secret } = (await order('/v1/keys', { owner: 'ann' })) as { key: { id: string }; secret: string }
    const call = (gateway: TestGateway): Promise<Response> =>
      gateway.post(CHAT.path, CHAT.call('up/m', { stream: true }), bearing(secret))
    let response = await call(there)
    await eventually(async () => {
      if (response.status !== 401) return true
      await response.text()
      response = await call(there)
      return false
    }, 'the other gateway knows the key')
    expect(response.status).toBe(200)
    return { upstream, there, order, id: key.id, call, stream: response.text() }
  }

  test.each([
    ['revoked', 'revoke', 401],
    ['disabled', 'disable', 403],
  ])(
    '%s there, it ends the stream that runs here within its own format, and is refused from then on',
    async (_what, verb, status) => {
      const { upstream, there, order, id, call, stream } = await streaming()
      await order(`/v1/keys/${id}/${verb}`, { reason: 'leaked' })
      expect(CHAT.inBandError(await stream)?.message).toContain(id)
      await eventually(() => upstream.requests.at(-1)?.aborted === true, 'the upstream is let go')
      expect((await call(there)).status).toBe(status)
      expect(there.gateway.engine.active).toBe(0)
    },
  )

  test('ends here too while Redis cannot tell', async () => {
    const { order, id, stream } = await streaming()
    await servers.redis.kill()
    try {
      await order(`/v1/keys/${id}/revoke`, {})
      expect(CHAT.inBandError(await stream)?.message).toContain('was revoked')
    } finally {
      await servers.redis.start()
    }
  })
})
