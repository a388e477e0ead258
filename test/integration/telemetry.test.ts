import { afterEach, describe, expect, test } from 'bun:test'
import type { Logger } from '../../src/observability/logger.ts'
import { silentLogger } from '../../src/observability/logger.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { accountsNamed, eventually, providerAt, TestWorld } from '../support/gateway-fixture.ts'
import { CHAT, serving } from '../support/client-formats.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[]
}

const chat = (model: string, extra: object = {}): object => ({
  model,
  messages: [{ role: 'user', content: 'a-secret-prompt' }],
  ...extra,
})

/** Every span a collector got. */
const spansAt = (collector: FakeUpstream): Span[] =>
  collector.requests
    .filter(({ path }) => path.endsWith('/v1/traces'))
    .flatMap(({ json }) => (json as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)

const attribute = (span: Span | undefined, key: string): unknown =>
  Object.values(span?.attributes.find((one) => one.key === key)?.value ?? {})[0]

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLER = '00f067aa0ba902b7'

describe('OpenTelemetry', () => {
  test('a call is one trace from its caller to each upstream', async () => {
    const collector = await world.upstream({ body: ['{}'] })
    const bad = await world.upstream({ status: 503, body: ['{"error":{"message":"a-secret-of-upstream"}}'] })
    const good = await world.upstream(serving(CHAT, { text: 'a-secret-answer' }))
    const gateway = await world.gateway({
      telemetry: { otlp: [{ endpoint: collector.url }], resource: { 'deployment.environment.name': 'test' } },
      providers: [providerAt('bad', bad, 'openai'), providerAt('good', good, 'openai', accountsNamed('one'))],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['bad/m', 'good/m'], retry: { max_retries: 0 } }],
    })
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: 'vendor=1' }
    await (await gateway.post('/v1/chat/completions', chat('r'), { headers })).text()
    await gateway.close()

    const spans = spansAt(collector)
    const [request, failed, served] = spans
    expect(spans.map(({ name }) => name)).toEqual(['generate r', 'chat m', 'chat m'])
    expect(spans.every(({ traceId }) => traceId === TRACE)).toBe(true)
    expect(request?.parentSpanId).toBe(CALLER)
    expect(bad.requests[0]?.headers['traceparent']).toBe(`00-${TRACE}-${failed?.spanId}-01`)
    expect(good.requests[0]?.headers['traceparent']).toBe(`00-${TRACE}-${served?.spanId}-01`)
    expect(good.requests[0]?.headers['tracestate']).toBe('vendor=1')
    expect(attribute(failed, 'error.type')).toBe('upstream_overloaded')
    expect(attribute(served, 'gen_ai.provider.name')).toBe('good')
    expect(JSON.stringify(collector.requests.map(({ text }) => text))).not.toContain('a-secret')
    expect(collector.requests[0]?.text).toContain('deployment.environment.name')
  })

  test('metrics go out in the same form', async () => {
    const collector = await world.upstream({ body: ['{}'] })
    const gateway = await world.gateway({
      telemetry: { otlp: [{ endpoint: `${collector.url}/`, traces: false }] },
      providers: [{ id: 'mock', type: 'mock' }],
    })
    await (await gateway.post('/v1/chat/completions', chat('mock/echo'))).text()
    await gateway.close()
    expect(collector.requests.map(({ path }) => path)).toEqual(['/v1/metrics'])
    expect(collector.requests[0]?.text).toContain('gen_ai.client.inference.usage.output_tokens')
  })

  test('Langfuse is a destination with a name and a password', async () => {
    const langfuse = await world.upstream({ body: ['{}'] })
    const gateway = await world.gateway({
      telemetry: {
        otlp: [{ endpoint: `${langfuse.url}/api/public/otel`, metrics: false, username: 'pk-lf-1', password: 'sk-lf-2' }],
      },
      providers: [{ id: 'mock', type: 'mock' }],
    })
    const headers = { 'x-session-id': 'session-7' }
    await (await gateway.post('/v1/chat/completions', chat('mock/echo', { stream: true }), { headers })).text()
    await gateway.close()
    expect(langfuse.requests[0]?.path).toBe('/api/public/otel/v1/traces')
    expect(langfuse.requests[0]?.headers['authorization']).toBe(`Basic ${Buffer.from('pk-lf-1:sk-lf-2').toString('base64')}`)
    const generation = spansAt(langfuse).find(({ name }) => name.startsWith('chat '))
    for (const key of [
      'gen_ai.request.model',
      'gen_ai.response.model',
      'gen_ai.usage.input_tokens',
      'gen_ai.usage.output_tokens',
    ])
      expect([key, attribute(generation, key)]).toEqual([key, expect.anything()])
  })

  test('a collector that is down costs nobody an answer, and is told once', async () => {
    const warnings: string[] = []
    const logger: Logger = { ...silentLogger, warn: (_facts, message) => void warnings.push(message) }
    const gateway = await world.gateway(
      { telemetry: { otlp: [{ endpoint: 'http://127.0.0.1:1', metrics: false }] }, providers: [{ id: 'mock', type: 'mock' }] },
      { logger },
    )
    for (let index = 0; index < 300; index++)
      expect((await gateway.post('/v1/chat/completions', chat('mock/echo'))).status).toBe(200)
    await eventually(() => warnings.length > 0, 'the outage is told')
    await gateway.close()
    expect(warnings.filter((message) => message.startsWith('spans cannot be exported'))).toHaveLength(1)
  })

  test('without a destination the header of a caller goes on as it came', async () => {
    const good = await world.upstream(serving(CHAT, { text: 'hi' }))
    const gateway = await world.gateway({ providers: [providerAt('good', good, 'openai')] })
    const traceparent = `00-${TRACE}-${CALLER}-01`
    await (await gateway.post('/v1/chat/completions', chat('good/m'), { headers: { traceparent } })).text()
    expect(good.requests[0]?.headers['traceparent']).toBe(traceparent)
  })
})
