import type { AttemptRecord } from '../../src/ir/record.ts'
import type { RoutingSnapshot } from '../../src/ir/snapshot.ts'
import type { EndedRequest } from '../../src/observability/ended-request.ts'
import { compiledConfig } from './gateway-fixture.ts'

/** Two providers: `acme` with two models in a route, `open` that takes any model. */
const WATCHED_CONFIG = {
  providers: [
    {
      id: 'acme',
      type: 'openai_compatible',
      base_url: 'https://acme.example/v1',
      models: ['large', 'small'],
      api_key: 'key-acme',
    },
    { id: 'open', type: 'openai_compatible', base_url: 'https://open.example/v1', auth_scheme: { kind: 'none' } },
  ],
  routes: [{ name: 'coding', match: { model: 'coding' }, targets: ['acme/large', 'acme/small'] }],
}

export const watchedSnapshot = (): RoutingSnapshot => compiledConfig(WATCHED_CONFIG).routing

export function endedAttempt(overrides: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    target_id: 'acme/large',
    provider_id: 'acme',
    model: 'large',
    account_id: 'default',
    format: 'openai',
    started_ms: 0.4,
    latency_ms: 900,
    outcome: 'success',
    passthrough: true,
    ...overrides,
  }
}

/** A streamed call of route `coding` that was served by its first target. */
export function endedRequest(snapshot: RoutingSnapshot, overrides: Partial<EndedRequest> = {}): EndedRequest {
  return {
    requestId: `req_${'0'.repeat(31)}1`,
    startedAt: 1_700_000_000_000,
    snapshot,
    operation: 'generate',
    principal: { role: 'client' },
    sessionId: undefined,
    question: { model: 'coding', clientFormat: 'openai', stream: true, maxOutputTokens: 100 },
    plan: { route: 'coding', strategy: 'ordered_fallback' },
    attempts: [endedAttempt()],
    status: 200,
    errorCode: undefined,
    facts: {
      usage: { inputTokens: 120, outputTokens: 11, cacheReadTokens: 100, cacheWriteTokens: 5, reasoningTokens: 3 },
      finish: { unified: 'stop' },
      model: 'large-2026',
    },
    totalMs: 1000,
    firstTokenMs: 300,
    overheadUs: 400,
    requestBytes: 512,
    ...overrides,
  }
}
