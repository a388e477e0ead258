import { describe, expect, test } from 'bun:test'
import { snapshotOf } from '../../../test/support/routing-worlds.ts'
import { asApiKeyId, asTenantId } from '../../ir/ids.ts'
import type { RoutePlan } from '../../ir/decision.ts'
import type { AttemptRecord } from '../../ir/record.ts'
import { StreamFacts } from '../stream-facts.ts'
import { PendingRecord } from './pack-record.ts'
import type { RecordSeed } from './record-seed.ts'
import { unpackRecord } from './unpack-record.ts'

const snapshot = snapshotOf({ providers: [{ id: 'mock', type: 'mock' }] })
const plan: RoutePlan = { route: 'fast', strategy: 'ordered_fallback', targets: [], rejected: [], unverified: false }

const FAILED: AttemptRecord = {
  target_id: 'a/m',
  provider_id: 'a',
  model: 'm',
  account_id: 'default',
  format: 'openai',
  started_ms: 1.5,
  latency_ms: 20.25,
  outcome: 'failed',
  error_code: 'upstream_rate_limited',
  error_category: 'rate-limited',
  upstream_status: 429,
  upstream_error_type: 'rate_limit_error',
  upstream_request_id: 'req_up',
  next: 'next-target',
  passthrough: false,
  passthrough_refused: ['format_differs'],
}
const SERVED: AttemptRecord = {
  target_id: 'b/m',
  provider_id: 'b',
  model: 'm',
  account_id: 'second',
  format: 'anthropic',
  started_ms: 22,
  latency_ms: 300,
  outcome: 'success',
  passthrough: true,
}

function seed(more: Partial<RecordSeed> = {}): RecordSeed {
  return {
    requestId: 'req_1',
    startedAt: 1_790_000_000_000,
    snapshot,
    operation: 'generate',
    principal: { role: 'client', keyId: asApiKeyId('key_1'), tenant: asTenantId('acme') },
    sessionId: 'session "one"',
    question: {
      model: 'fast',
      clientFormat: 'openai',
      stream: true,
      estimatedInputTokens: 12,
      maxOutputTokens: 34,
      features: () => new Set(),
    },
    plan,
    attempts: [],
    skipped: [],
    diagnostics: [],
    status: 200,
    errorCode: undefined,
    facts: undefined,
    totalMs: 1.23456,
    firstTokenMs: undefined,
    overheadUs: 99.6,
    requestBytes: 100,
    committedEarly: false,
    clientRetry: undefined,
    ...more,
  }
}

const unpacked = (more: Partial<RecordSeed>) => unpackRecord(JSON.parse(new PendingRecord(seed(more)).json))

describe('a packed record', () => {
  test('tells who asked, when, and how it ended', () => {
    expect(unpacked({ errorCode: 'upstream_timeout', status: 504, clientRetry: 2, committedEarly: true })).toMatchObject({
      schema: 'switchback.record/v1',
      request_id: 'req_1',
      started_at: 1_790_000_000_000,
      revision: snapshot.revision,
      config_hash: snapshot.configHash,
      operation: 'generate',
      client_format: 'openai',
      requested_model: 'fast',
      session_id: 'session "one"',
      tenant: 'acme',
      api_key_id: 'key_1',
      role: 'client',
      streamed: true,
      status: 504,
      error_code: 'upstream_timeout',
      timings: { total_ms: 1.235, overhead_us: 100 },
      request_bytes: 100,
      committed_early: true,
      client_retry: 2,
    })
  })

  test('tells every attempt as it was, and which of them served', () => {
    const record = unpacked({ attempts: [FAILED, SERVED] })
    expect(JSON.parse(JSON.stringify(record.attempts))).toEqual([FAILED, SERVED])
    expect(record.served).toBe('b/m')
  })

  test("tells the usage without the upstream's own words", () => {
    const facts = new StreamFacts()
    facts.model = 'gpt-5'
    facts.finish = { unified: 'stop', raw: 'end_turn' }
    facts.usage = { inputTokens: 10, cacheReadTokens: 4, hostedToolCalls: { web_search_requests: 2 }, raw: { secret: 'words' } }
    const record = unpacked({ facts, firstTokenMs: 7.77777 })
    expect(record).toMatchObject({ served_model: 'gpt-5', finish: 'stop', finish_raw: 'end_turn' })
    expect(record.usage).toEqual({ inputTokens: 10, cacheReadTokens: 4, hostedToolCalls: { web_search_requests: 2 } })
    expect(record.timings.first_token_ms).toBe(7.778)
    expect(JSON.stringify(record)).not.toContain('words')
  })

  test('holds no more diagnostics, and no longer paths, than a client may fill a store with', () => {
    const diagnostics = Array.from({ length: 500 }, () => ({
      code: 'extension' as const,
      path: 'x'.repeat(1_000),
      severity: 'lost' as const,
      message: 'left out',
    }))
    const record = unpacked({ diagnostics })
    expect(record.diagnostics).toHaveLength(200)
    expect(record.diagnostics[0]?.path).toHaveLength(257)
  })

  test('is written once, when its text is first asked for', () => {
    let packed = 0
    const counting: RoutePlan = { ...plan, evidence: () => ({ candidates: [], scores: [], reason: [`packed=${++packed}`] }) }
    const pending = new PendingRecord(seed({ plan: counting }))
    expect(packed).toBe(0)
    expect(pending.json).toBe(pending.json)
    expect(packed).toBe(1)
  })

  test('of the first form, whose decision and attempts were written out, stays readable', () => {
    const decision = { ...unpacked({}).decision, request_id: 'req_old' }
    const row = [1, 'req_old', 5, '0.0.9', 3, 'sha256:x', 'generate', 'admin', null, null, null, 200, null, 1, null, 2, 3, false]
    const record = unpackRecord([...row, null, null, null, null, decision, [SERVED], [], [], null])
    expect(record).toMatchObject({ request_id: 'req_old', engine_version: '0.0.9', served: 'b/m', decision: { route: 'fast' } })
  })
})
