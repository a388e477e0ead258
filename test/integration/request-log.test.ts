import { afterEach, expect, test } from 'bun:test'
import type { LogFacts } from '../../src/observability/log-line.ts'
import { silentLogger } from '../../src/observability/logger.ts'
import { eventually, providerAt, TestWorld } from '../support/gateway-fixture.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

test('a line of the log tells what became of a call, streamed or not, and nothing of its words', async () => {
  const lines: LogFacts[] = []
  const logger = { ...silentLogger, isEnabled: () => true, info: (facts: LogFacts) => void lines.push(facts) }
  const bad = await world.upstream({ status: 503, body: ['{"error":{"message":"CANARY"}}'] })
  const gateway = await world.gateway(
    {
      providers: [providerAt('bad', bad, 'openai'), { id: 'mock', type: 'mock' }],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['bad/m', 'mock/echo'], retry: { max_retries: 0 } }],
    },
    { logger },
  )
  for (const stream of [false, true]) {
    const body = { model: 'r', stream, messages: [{ role: 'user', content: 'CANARY' }] }
    await (await gateway.post('/v1/chat/completions', body)).text()
  }
  await (await fetch(`${gateway.url}/v1/models`)).text()
  await eventually(() => lines.length === 3, 'every request has its line')
  const [whole, streamed, list] = lines
  expect(whole).toMatchObject({
    route: '/v1/chat/completions',
    status: 200,
    decision: 'r',
    target: 'mock/echo',
    attempts: 2,
    fallback_cause: 'upstream_overloaded',
    streamed: false,
    output_tokens: expect.any(Number),
    overhead_ms: expect.any(Number),
  })
  expect(streamed).toMatchObject({ streamed: true, target: 'mock/echo', first_token_ms: expect.any(Number), finish: 'stop' })
  expect(list).not.toHaveProperty('decision')
  expect(JSON.stringify(lines)).not.toContain('CANARY')
})
