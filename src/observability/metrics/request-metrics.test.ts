import { describe, expect, test } from 'bun:test'
import { endedAttempt, endedRequest, watchedSnapshot } from '../../../test/support/ended-request.ts'
import { WIRE_FORMATS } from '../../ir/wire-format.ts'
import type { EndedRequest } from '../ended-request.ts'
import { exposition } from './exposition.ts'
import { MetricRegistry } from './registry.ts'
import { RequestMetrics } from './request-metrics.ts'

const snapshot = watchedSnapshot()

/** The lines of `/metrics` after these requests. */
function linesAfter(...requests: readonly EndedRequest[]): string[] {
  const registry = new MetricRegistry()
  const metrics = new RequestMetrics(registry)
  for (const request of requests) metrics.count(request)
  return exposition(registry.read()).split('\n')
}

describe('a request that was served', () => {
  const lines = linesAfter(endedRequest(snapshot))

  test('is counted by route, format and status', () => {
    expect(lines).toContain('switchback_requests_total{route="coding",format="openai",status="2xx"} 1')
    expect(lines).toContain('switchback_request_duration_seconds_sum{route="coding"} 1')
    expect(lines).toContain('switchback_gateway_overhead_seconds_sum 0.0004')
  })

  test('tells the times of its stream', () => {
    const labels = 'provider="acme",target="acme/large"'
    expect(lines).toContain(`switchback_time_to_first_token_seconds_sum{${labels}} 0.3`)
    // 700 ms for the ten tokens after the first
    const between = lines.find((line) => line.startsWith(`switchback_time_per_output_token_seconds_sum{${labels}}`))
    expect(Number(between?.split(' ').at(-1))).toBeCloseTo(0.07)
  })

  test('counts tokens by kind', () => {
    const kinds = { input: 120, output: 11, cache_read: 100, cache_write: 5, reasoning: 3 }
    for (const [kind, count] of Object.entries(kinds))
      expect(lines).toContain(`switchback_tokens_total{provider="acme",target="acme/large",kind="${kind}"} ${count}`)
  })
})

test('usage nobody told is not counted as zero, and times of whole answers are not those of streams', () => {
  const question = { ...endedRequest(snapshot).question, stream: false }
  const lines = linesAfter(
    endedRequest(snapshot, { question, facts: { usage: { outputTokens: 4 }, finish: undefined, model: undefined } }),
  )
  expect(lines.some((line) => line.includes('kind="cache_read"'))).toBe(false)
  expect(lines).toContain('switchback_time_to_first_token_seconds_count{provider="acme",target="acme/large"} 0')
})

test('a fallback is counted with its cause and its way', () => {
  const failed = endedAttempt({ outcome: 'failed', error_code: 'upstream_rate_limited', next: 'next-target' })
  const lines = linesAfter(
    endedRequest(snapshot, { attempts: [failed, endedAttempt({ target_id: 'acme/small', model: 'small' })] }),
  )
  expect(lines).toContain('switchback_fallbacks_total{provider="acme",cause="upstream_rate_limited",next="next-target"} 1')
  expect(lines).toContain(
    'switchback_attempts_total{provider="acme",target="acme/large",outcome="failed",class="rate-limited"} 1',
  )
  expect(lines).toContain('switchback_attempts_total{provider="acme",target="acme/small",outcome="success",class="none"} 1')
  expect(lines).toContain('switchback_tokens_total{provider="acme",target="acme/small",kind="input"} 120')
})

test('a failure that ends the call is an error and no fallback', () => {
  const failed = endedAttempt({ outcome: 'failed', error_code: 'upstream_timeout', next: 'stop' })
  const lines = linesAfter(
    endedRequest(snapshot, { attempts: [failed], status: 504, errorCode: 'upstream_timeout', facts: undefined }),
  )
  expect(lines).toContain('switchback_request_errors_total{route="coding",class="timeout",code="upstream_timeout"} 1')
  expect(lines.some((line) => line.startsWith('switchback_fallbacks_total{'))).toBe(false)
})

test('a client that went away is neither served nor refused', () => {
  const cancelled = endedAttempt({ outcome: 'cancelled', cancelled_because: 'client' })
  const lines = linesAfter(endedRequest(snapshot, { attempts: [cancelled], status: 499, errorCode: 'client_closed_request' }))
  expect(lines).toContain('switchback_requests_total{route="coding",format="openai",status="cancelled"} 1')
})

test('the loser of a hedge is an attempt and has served nobody', () => {
  const lost = endedAttempt({ target_id: 'acme/small', outcome: 'cancelled', cancelled_because: 'hedge' })
  const lines = linesAfter(endedRequest(snapshot, { attempts: [endedAttempt(), lost] }))
  expect(lines).toContain('switchback_tokens_total{provider="acme",target="acme/large",kind="output"} 11')
  expect(lines).toContain('switchback_attempts_total{provider="acme",target="acme/small",outcome="cancelled",class="none"} 1')
})

test('50,000 random models, routes, users and errors make no series beyond a constant', () => {
  const registry = new MetricRegistry()
  const metrics = new RequestMetrics(registry)
  const series = (): number => registry.read().reduce((sum, { family }) => sum + family.size, 0)
  let state = 12_345
  const random = (below: number): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % below
  const name = (): string => `n${random(1_000_000_000)}-${random(1_000_000_000)}`
  const calls = (count: number): void => {
    for (let index = 0; index < count; index++) {
      const model = name()
      const target = `${random(2) === 0 ? 'open' : name()}/${model}`
      metrics.count(
        endedRequest(snapshot, {
          question: { model, clientFormat: WIRE_FORMATS[random(3)]!, stream: random(2) === 0, maxOutputTokens: undefined },
          plan: { route: [model, `models:${model},x`, `default:${model}`, 'direct'][random(4)]!, strategy: model },
          principal: { role: 'client', keyId: name() as never, tenant: name() as never, project: name() },
          sessionId: name(),
          status: 100 + random(900),
          errorCode: random(2) === 0 ? name() : undefined,
          attempts: [
            endedAttempt({
              target_id: target,
              provider_id: target.split('/')[0]!,
              outcome: 'failed',
              error_code: name(),
              next: 'retry',
            }),
            endedAttempt({ target_id: target, provider_id: target.split('/')[0]! }),
          ],
        }),
      )
    }
  }
  calls(2_000)
  const before = series()
  calls(50_000)
  expect(series()).toBe(before)
  expect(before).toBeLessThan(200)
})
