import { describe, expect, test } from 'bun:test'
import { plainQuestion, snapshotOf, stateOf } from '../../../test/support/routing-worlds.ts'
import type { Rejection } from '../../ir/decision.ts'
import type { TargetObservation } from '../../ir/observed.ts'
import type { DecisionQuestion } from '../../ir/question.ts'
import type { TargetFacts } from '../../ir/snapshot.ts'
import { decide } from '../decide.ts'
import { resolveRoute } from '../resolve-route.ts'

interface Case {
  readonly route?: object
  readonly server?: object
  readonly question?: Partial<DecisionQuestion>
  readonly facts?: Partial<TargetFacts>
  readonly observed?: Partial<TargetObservation>
}

/** The rejection of `p/m` on a route that has another target too; undefined when it passes. */
function rejection({ route = {}, server = {}, question = {}, facts = {}, observed = {} }: Case): Rejection | undefined {
  const snapshot = snapshotOf({
    server,
    providers: [{ id: 'p', type: 'anthropic', base_url: 'http://127.0.0.1:1', api_key: 'k' }],
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['p/m', 'p/other'], ...route }],
  })
  const asked = plainQuestion('r', question)
  const plan = decide(snapshot, resolveRoute(snapshot, asked), asked, stateOf({ 'p/m': facts }, { 'p/m': observed }))
  expect(plan.targets.length + plan.rejected.length).toBe(snapshot.routes.get('r')?.targets.length ?? 0)
  return plan.rejected.find(({ target_id }) => target_id === 'p/m')
}

const using = (...features: string[]): Partial<DecisionQuestion> => ({ features: () => new Set(features) as never })
const cannot = (capability: string): Partial<TargetFacts> => ({ capabilities: { [capability]: false } })

describe('a target is refused, and one of which nothing is known passes', () => {
  test.each<[code: string, refused: Case]>([
    ['streaming_unsupported', { question: { stream: true }, facts: cannot('streaming') }],
    ['tools_unsupported', { question: using('tools.name'), facts: cannot('toolCalling') }],
    ['parallel_tools_unsupported', { route: { require: { parallel_tool_calls: true } }, facts: cannot('parallelToolCalls') }],
    [
      'parallel_tools_unsupported',
      { question: { parallelTools: true }, facts: { ...cannot('parallelToolCalls'), declared: { parallelToolCalls: false } } },
    ],
    ['hosted_tools_unsupported', { question: using('tools.hosted'), facts: cannot('hostedTools') }],
    ['json_schema_unsupported', { question: using('response_format.json_schema'), facts: cannot('jsonSchema') }],
    ['vision_unsupported', { question: using('part.image_url'), facts: cannot('visionIn') }],
    ['audio_unsupported', { question: using('part.audio'), facts: cannot('audioIn') }],
    ['file_unsupported', { question: using('part.document_base64'), facts: cannot('fileIn') }],
    [
      'vision_source_unsupported',
      { question: using('part.image_url'), facts: { capabilities: { visionSources: ['inline_base64'] } } },
    ],
    ['image_out_unsupported', { route: { require: { image_out: true } }, facts: cannot('imageOut') }],
    ['reasoning_unsupported', { route: { require: { reasoning: true } }, facts: cannot('reasoning') }],
    ['reasoning_unsupported', { route: { require: { reasoning_summary: true } }, facts: cannot('reasoningSummary') }],
    ['tools_unsupported', { route: { require: { tool_calling: true } }, facts: cannot('toolCalling') }],
    [
      'vision_source_unsupported',
      { route: { require: { vision_sources: ['remote_url'] } }, facts: { capabilities: { visionSources: ['inline_base64'] } } },
    ],
    [
      'context_window_too_small',
      { question: { estimatedInputTokens: 900, maxOutputTokens: 200 }, facts: { contextWindow: 1_000 } },
    ],
    ['context_window_too_small', { route: { require: { min_context_tokens: 5_000 } }, facts: { contextWindow: 4_999 } }],
    ['output_limit_too_small', { question: { maxOutputTokens: 9_000 }, facts: { maxOutputTokens: 8_192 } }],
    ['lane_not_allowed', { server: { cost_allow_free: false }, facts: { tags: ['free'] } }],
    ['lane_not_allowed', { route: { lanes: { deny: ['eu'] } }, facts: { tags: ['eu'] } }],
    ['lane_not_allowed', { route: { strategy: 'auto/private' }, facts: { tags: ['promo'] } }],
    [
      'price_too_high',
      { server: { cost_max_per_mtok: 10 }, facts: { price: { rates: { input: 3e9, output: 15e9 }, contextTiers: [] } } },
    ],
    [
      'price_too_high',
      { route: { cost_max_per_mtok: 4 }, facts: { price: { rates: { input: 1e9, output: 4e9 }, contextTiers: [] } } },
    ],
    [
      'price_too_high',
      {
        question: { hints: { maxPricePerMillion: 4e9 } },
        facts: { price: { rates: { input: 1e9, output: 4e9 }, contextTiers: [] } },
      },
    ],
    ['disabled', { observed: { disabled: { scope: 'provider', reason: 'maintenance', until: 1_790_000_000_000 } } }],
    ['disabled', { observed: { disabled: { scope: 'model' } } }],
  ])('%s: %j', (code, refused) => {
    const found = rejection(refused)
    expect(found?.code as string).toBe(code)
    expect(found?.evidence).toBeDefined()
    expect(found?.reason).not.toMatch(/undefined|NaN|\[object/)
    expect(rejection({ ...refused, facts: {}, observed: {} })).toBeUndefined()
  })

  test.each<[code: string, refused: Case, passing: Case]>([
    ['context_window_unknown', { server: { context_unknown: 'reject' } }, { facts: { contextWindow: 8_000 } }],
    [
      'price_unknown',
      { server: { cost_unknown: 'reject' } },
      { facts: { price: { rates: { input: 0, output: 0 }, contextTiers: [] } } },
    ],
    ['not_certified', { route: { require: { certified: true } } }, { facts: { certified: '2026-01-31' } }],
    ['lane_not_allowed', { route: { lanes: { require: ['private'] } } }, { facts: { tags: ['private'] } }],
    [
      'provider_not_allowed',
      { question: { principal: { role: 'client', allowed: { providers: ['q'] } } } },
      { question: { principal: { role: 'client', allowed: { providers: ['p'] } } } },
    ],
    [
      'account_not_allowed',
      { question: { principal: { role: 'client', allowed: { accounts: ['q/main'] } } } },
      { question: { principal: { role: 'client', allowed: { accounts: ['q/main', 'p/spare'] } } } },
    ],
    [
      'format_not_allowed',
      { route: { require: { server_tool_protocols: ['openai_responses'] } } },
      { route: { require: { server_tool_protocols: ['openai_responses', 'anthropic'] } } },
    ],
    [
      'translation_loss',
      { route: { translation: 'strict' }, question: using('sampling.seed') },
      { question: { clientFormat: 'anthropic', ...using('sampling.seed') } },
    ],
  ])('%s where policy says so', (code, refused, passing) => {
    expect(rejection(refused)?.code as string).toBe(code)
    expect(rejection({ ...refused, ...passing })).toBeUndefined()
  })
})

test('a target of a provider that is no more is refused, whatever is known of it', () => {
  const snapshot = snapshotOf({
    providers: [{ id: 'p', type: 'mock' }],
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['p/m', 'p/other'] }],
  })
  const asked = plainQuestion('r')
  const without = { ...snapshot, providers: new Map() }
  const plan = decide(without, resolveRoute(without, asked), asked, stateOf())
  expect(plan.rejected.map(({ code }) => code)).toEqual(['unknown_provider', 'unknown_provider'])
})

describe('the only target of a route', () => {
  test.each<[string, Case]>([
    ['a capability', { question: using('tools.name'), facts: cannot('toolCalling') }],
    ['a window', { question: { estimatedInputTokens: 900, maxOutputTokens: 200 }, facts: { contextWindow: 1_000 } }],
    ['an output limit', { question: { maxOutputTokens: 9_000 }, facts: { maxOutputTokens: 8_192 } }],
  ])(
    'is not refused for %s that only the catalogue knows, but for what its operator declared',
    (_what, { question = {}, facts = {} }) => {
      const alone = { targets: ['p/m'] }
      expect(rejection({ route: alone, question, facts })).toBeUndefined()
      const { capabilities, contextWindow: maxContextTokens, maxOutputTokens } = facts
      const declared = { ...capabilities, maxContextTokens, maxOutputTokens }
      expect(rejection({ route: alone, question, facts: { ...facts, declared } })).toBeDefined()
    },
  )
})

describe('a target passes', () => {
  test.each<[string, Case]>([
    ['when what it lacks is not asked for', { facts: cannot('visionIn') }],
    ['when an account of it is out of use, and others are not', { observed: { disabled: { scope: 'account' } } }],
    ['when only the catalogue says it does not reason', { question: using('reasoning.effort'), facts: cannot('reasoning') }],
    [
      'when only the catalogue says it makes one tool call at a time',
      { question: { parallelTools: true }, facts: cannot('parallelToolCalls') },
    ],
    [
      'when its price is exactly the ceiling',
      { server: { cost_max_per_mtok: 5 }, facts: { price: { rates: { input: 1e9, output: 4e9 }, contextTiers: [] } } },
    ],
    [
      'when prompt and answer fill its window',
      { question: { estimatedInputTokens: 800, maxOutputTokens: 200 }, facts: { contextWindow: 1_000 } },
    ],
    [
      'on a strict route when only housekeeping is lost',
      {
        route: { translation: 'strict' },
        question: { clientFormat: 'responses', ...using('prompt_cache_key'), housekeeping: () => new Set(['prompt_cache_key']) },
      },
    ],
  ])('%s', (_when, passing) => {
    expect(rejection(passing)).toBeUndefined()
  })
})

test.each([
  ['reasoning', using('reasoning.budget')],
  ['parallelToolCalls', { parallelTools: true }],
])("the operator's word on %s refuses what the catalogue's does not", (capability, question) => {
  const facts = { capabilities: { [capability]: false }, declared: { [capability]: false } }
  expect(rejection({ question, facts })?.evidence).toMatchObject({ declared: { [capability]: false } })
})

test('evidence names who said it, and which policy', () => {
  expect(rejection({ question: using('part.image_url'), facts: cannot('visionIn') })?.evidence).toEqual({
    catalogue: { visionIn: false },
  })
  expect(rejection({ route: { require: { vision_in: true } }, facts: cannot('visionIn') })?.evidence).toMatchObject({
    demanded_by: 'r',
  })
  const price = { rates: { input: 3e9, output: 15e9 }, contextTiers: [], source: 'operator' }
  expect(rejection({ server: { cost_max_per_mtok: 10 }, facts: { price } })).toMatchObject({
    reason: 'blended price $18/Mtok is over the ceiling of $10/Mtok',
    evidence: { blended_per_mtok_usd: 18, max_per_mtok_usd: 10, price_source: 'operator' },
  })
  expect(rejection({ observed: { disabled: { scope: 'model', reason: 'too slow', until: 1_790_000_000_000 } } })?.reason).toBe(
    'an operator took this model out of use until 2026-09-21T14:13:20.000Z: too slow',
  )
})
