import { describe, expect, test } from 'bun:test'
import { plainQuestion, snapshotOf, stateOf } from '../../../test/support/routing-worlds.ts'
import { asProviderId } from '../../ir/ids.ts'
import type { EndpointNeed } from '../../ir/question.ts'
import type { Principal } from '../../ir/principal.ts'
import { decide } from '../decide.ts'
import { explainDecision } from '../explain-decision.ts'
import { nobodyLeft } from '../nobody-left.ts'
import { recomputeDecision } from '../recompute.ts'
import { resolveRoute } from '../resolve-route.ts'

const base = { base_url: 'http://127.0.0.1:1/v1', api_key: 'k' }
const snapshot = snapshotOf({
  providers: [
    { ...base, id: 'chat', type: 'openai_compatible', endpoints: ['embeddings'] },
    { ...base, id: 'claude', type: 'anthropic' },
    { ...base, id: 'google', type: 'gemini' },
    { ...base, id: 'all', type: 'openai_compatible' },
    { id: 'vendor', type: 'openai', api_key: 'k' },
  ],
  routes: [
    { name: 'r', match: { model: 'r' }, targets: ['claude/m', 'google/m', 'chat/m', 'all/m', 'vendor/m'] },
    { name: 'shadow', match: { model: 'all/*' }, targets: ['claude/m'] },
  ],
})

function planned(endpoint: EndpointNeed, model = 'r', principal?: Principal) {
  const asked = plainQuestion(model, { endpoint, ...(principal === undefined ? {} : { principal }) })
  return { asked, plan: decide(snapshot, resolveRoute(snapshot, asked), asked, stateOf()) }
}
const servedBy = (...offers: EndpointNeed['offers']): string[] => planned({ offers }).plan.targets.map(({ id }) => id)

describe('an endpoint is served by targets whose provider offers it', () => {
  test('by its format, by its vendor, and by what the operator says', () => {
    expect(servedBy('embeddings')).toEqual(['google/m', 'chat/m', 'all/m', 'vendor/m'])
    expect(servedBy('embeddings', 'token_embeddings')).toEqual(['all/m', 'vendor/m'])
    expect(servedBy('rerank')).toEqual(['all/m'])
    expect(servedBy('speech')).toEqual(['all/m', 'vendor/m'])
  })

  test('and the others say who could', () => {
    const [first] = planned({ offers: ['rerank'] }).plan.rejected
    expect(first).toEqual({
      target_id: 'claude/m',
      code: 'endpoint_unsupported',
      reason: 'rankings were asked for and provider claude does not offer them (these do: all/m)',
      evidence: { endpoint: 'rerank', offered_by: ['all/m'] },
    })
    expect(nobodyLeft([{ code: 'endpoint_unsupported' }])).toBe('endpoint_unsupported')
    expect(nobodyLeft([{ code: 'endpoint_unsupported' }, { code: 'disabled' }])).toBe('no_eligible_target')
  })
})

describe('a call that is for one provider', () => {
  const endpoint: EndpointNeed = { offers: ['passthrough'], provider: asProviderId('all') }

  test('goes there, whatever the patterns of routes say', () => {
    const { plan } = planned(endpoint, 'passthrough')
    expect([plan.route, plan.targets.map(({ id }) => String(id))]).toEqual(['passthrough:all', ['all/passthrough']])
  })

  test.each<[string, NonNullable<Principal['allowed']>, boolean]>([
    ['models', { models: ['*'] }, false],
    ['routes', { routes: ['r'] }, false],
    ['routes', { routes: ['passthrough:*'] }, true],
    ['providers', { providers: ['chat'] }, false],
    ['providers', { providers: ['all'] }, true],
  ])('is refused to callers confined to other %s: %j', (_what, allowed, mayPass) => {
    const ask = () => planned(endpoint, 'passthrough', { role: 'client', allowed }).plan.targets.length
    if (mayPass) expect(ask()).toBe(1)
    else expect(ask).toThrow(/confined/)
  })
})

test.each<[EndpointNeed, string]>([
  [{ offers: ['embeddings', 'token_embeddings'] }, 'r'],
  [{ offers: ['rerank'] }, 'r'],
  [{ offers: ['files'], provider: asProviderId('vendor') }, 'files'],
])('a decision for %j is made again from its record alone', (endpoint, model) => {
  const { asked, plan } = planned(endpoint, model)
  const decision = explainDecision('req_1', plan, asked)
  expect(decision.inputs.endpoint).toEqual({ offers: [...endpoint.offers], provider: endpoint.provider })
  expect(recomputeDecision(JSON.parse(JSON.stringify(decision)), snapshot)).toEqual({ verdict: 'identical' })
})
