import { afterEach, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CHAT, GEMINI, MESSAGES, RESPONSES, serving, type ClientFormat } from '../support/client-formats.ts'
import type { RecordedRequest, ReplyFor } from '../support/fake-upstream.ts'
import { compiledConfig, eventually, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { jsonReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

type Json = Record<string, unknown>

const ADDRESSES: Readonly<Record<string, ClientFormat>> = {
  '/v1/messages': MESSAGES,
  '/v1/responses': RESPONSES,
  '/v1/chat/completions': CHAT,
}
const isProbe = ({ text }: Pick<RecordedRequest, 'text'>): boolean => text.includes('"Hi"')

/** Speaks these formats and answers 404 elsewhere. */
const speaking =
  (...formats: readonly ClientFormat[]): ReplyFor =>
  (request) => {
    const format = ADDRESSES[request.path]
    return format !== undefined && formats.includes(format)
      ? serving(format)(request)
      : jsonReply({ error: { message: 'no' } }, 404)
  }

type Upstream = Awaited<ReturnType<TestWorld['upstream']>>

const autoAt = (upstream: Pick<Upstream, 'url'>, extra: Json = {}): Json => ({
  id: 'far',
  type: 'openai_compatible',
  format: 'AUTO',
  base_url: `${upstream.url}/v1`,
  auth_scheme: { kind: 'none' },
  ...extra,
})

const gatewayBefore = (upstream: Pick<Upstream, 'url'>, config: Json = {}, dataDir?: string): Promise<TestGateway> =>
  world.gateway({ providers: [autoAt(upstream)], ...config }, dataDir === undefined ? {} : { dataDir })

/** A configuration that names the model, so that it is probed at the start. */
const ROUTED = { routes: [{ name: 'r', match: { model: 'r' }, targets: ['far/m'] }] }

const servedIn = async (gateway: TestGateway, client: ClientFormat, model = 'far/m'): Promise<string> => {
  const response = await gateway.post(client.path, client.call(model))
  expect(response.status).toBe(200)
  const [attempt] = (await gateway.recordOf(response)).attempts
  return `${attempt?.format}${attempt?.passthrough === true ? '' : ', translated'}`
}

const probesOf = (upstream: Upstream): string[] => upstream.requests.filter(isProbe).map(({ path: at }) => at)
const ALL = ['/v1/chat/completions', '/v1/messages', '/v1/responses']

describe('format: auto', () => {
  test('speaks the client’s own format where the upstream does, and the preferred one otherwise', async () => {
    const upstream = await world.upstream(speaking(MESSAGES, CHAT))
    const gateway = await gatewayBefore(upstream)
    expect(await servedIn(gateway, MESSAGES)).toBe('anthropic')
    expect(await servedIn(gateway, CHAT)).toBe('openai')
    expect(await servedIn(gateway, RESPONSES)).toBe('anthropic, translated')
    expect(await servedIn(gateway, GEMINI)).toBe('anthropic, translated')
    expect(probesOf(upstream).sort()).toEqual(ALL)
  })

  test.each([
    [[RESPONSES, CHAT], 'responses, translated'],
    [[CHAT], 'openai, translated'],
    [[MESSAGES], 'anthropic'],
  ] as const)('of what an upstream speaks, a Messages client gets the best', async (spoken, chosen) => {
    const upstream = await world.upstream(speaking(...spoken))
    expect(await servedIn(await gatewayBefore(upstream), MESSAGES)).toBe(chosen)
  })

  test('is found out at the start, beside everything else, and for each model', async () => {
    const upstream = await world.upstream(speaking(CHAT))
    const gateway = await gatewayBefore(upstream, ROUTED)
    expect((await fetch(`${gateway.url}/ready`)).status).toBe(200)
    await eventually(() => probesOf(upstream).length === 3, 'three probes')
    expect(await servedIn(gateway, CHAT, 'r')).toBe('openai')
    expect(probesOf(upstream)).toHaveLength(3)
    await servedIn(gateway, CHAT, 'far/other')
    expect(probesOf(upstream)).toHaveLength(6)
  })

  test('outlives the process, without a word of the address', async () => {
    const upstream = await world.upstream(speaking(RESPONSES))
    const dataDir = world.folder()
    const first = await gatewayBefore(upstream, {}, dataDir)
    expect(await servedIn(first, CHAT)).toBe('responses, translated')
    await first.gateway.close()
    const stored = readFileSync(path.join(dataDir, 'formats.json'), 'utf8')
    expect(stored).toContain('"spoken":["responses"]')
    expect(stored).not.toContain('127.0.0.1')
    const second = await gatewayBefore(upstream, {}, dataDir)
    expect(await servedIn(second, CHAT)).toBe('responses, translated')
    expect(probesOf(upstream)).toHaveLength(3)
  })

  test('is found out again where the file is broken', async () => {
    const upstream = await world.upstream(speaking(CHAT))
    const dataDir = world.folder()
    writeFileSync(
      path.join(dataDir, 'formats.json'),
      '{"version":1,"known":[{"key":1},null,{"key":"x","at":1,"spoken":["nonsense"]}]}',
    )
    expect(await servedIn(await gatewayBefore(upstream, {}, dataDir), CHAT)).toBe('openai')
  })

  test('is corrected when an address is gone: that call goes on elsewhere, and the next one speaks another format', async () => {
    const upstream = await world.upstream(speaking(MESSAGES, CHAT))
    const gateway = await gatewayBefore(upstream)
    expect(await servedIn(gateway, MESSAGES)).toBe('anthropic')
    upstream.otherwise(speaking(CHAT))
    const failed = await gateway.post(MESSAGES.path, MESSAGES.call('far/m'))
    expect(failed.status).toBe(404)
    expect(await servedIn(gateway, MESSAGES)).toBe('openai, translated')
  })

  test('is in the ledger: what was asked for probes was used by nobody else', async () => {
    const upstream = await world.upstream(speaking(MESSAGES, CHAT))
    const gateway = await gatewayBefore(upstream)
    await servedIn(gateway, CHAT)
    await eventually(async () => {
      const reply = await fetch(`${gateway.url}/v1/usage/events?limit=50`)
      const text = await reply.text()
      return (text.match(/"probe"/g) ?? []).length === 3
    }, 'three probes in the ledger')
    expect(await gateway.records()).toHaveLength(1)
  })

  test('speaks Chat Completions where nothing can be found out, and asks no more often than once a minute', async () => {
    const upstream = await world.upstream((request) => (isProbe(request) ? { status: 503 } : serving(CHAT)(request)))
    const gateway = await gatewayBefore(upstream)
    for (const _ of [1, 2, 3]) expect(await servedIn(gateway, MESSAGES)).toBe('openai, translated')
    expect(probesOf(upstream)).toHaveLength(3)
  })

  test('is not asked for by a preview', async () => {
    const upstream = await world.upstream(speaking(MESSAGES))
    const gateway = await gatewayBefore(upstream)
    expect((await gateway.post('/v1/route-preview?format=openai', CHAT.call('far/m'))).status).toBe(200)
    expect(upstream.requests).toHaveLength(0)
  })

  test('leaves decisions that can be made again', async () => {
    const upstream = await world.upstream(speaking(MESSAGES))
    const gateway = await gatewayBefore(upstream, ROUTED)
    const response = await gateway.post(MESSAGES.path, MESSAGES.call('r'))
    const record = await gateway.recordOf(response)
    expect(record.decision.candidates).toMatchObject([{ target_id: 'far/m', format: 'anthropic' }])
    const { recomputeDecision } = await import('../../src/routing/recompute.ts')
    const { routing } = compiledConfig({ providers: [autoAt(upstream)], ...ROUTED })
    expect(recomputeDecision(record.decision, routing)).toMatchObject({ verdict: 'identical' })
  })
})

describe('named formats', () => {
  test('are never probed', async () => {
    const upstream = await world.upstream(speaking(CHAT))
    const gateway = await gatewayBefore(upstream, { providers: [autoAt(upstream, { format: 'OpenAI' })], ...ROUTED })
    await servedIn(gateway, CHAT)
    expect(upstream.requests).toHaveLength(1)
  })

  test('are not found out for vendors', () => {
    for (const type of ['openai', 'anthropic', 'gemini', 'mock'])
      expect(() => compiledConfig({ providers: [{ id: 'p', type, format: 'auto' }] })).toThrow(/providers\[0\]\.format/)
  })
})
