import { expect, test } from 'bun:test'
import { plainQuestion, snapshotOf, stateOf } from '../../test/support/routing-worlds.ts'
import { decide } from '../routing/decide.ts'
import { explainDecision } from '../routing/explain-decision.ts'
import { resolveRoute } from '../routing/resolve-route.ts'
import { renderDecision } from './render-decision.ts'

test('tells the order, who is out and why, who is set back, and every score', () => {
  const snapshot = snapshotOf({
    server: { cost_max_per_mtok: 20 },
    providers: [{ id: 'p', type: 'openai_compatible', base_url: 'http://127.0.0.1:1/v1', api_key: 'k' }],
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['p/dear', 'p/slow', 'p/good'], strategy: 'auto/cheap' }],
  })
  const price = (dollars: number) => ({ price: { rates: { input: dollars * 1e9, output: dollars * 1e9 }, contextTiers: [] } })
  const state = stateOf({ 'p/dear': price(30), 'p/slow': price(1), 'p/good': price(2) }, { 'p/slow': { circuit: 'open' } })
  const question = plainQuestion('r', { hints: { deadlineMs: 900 } })
  const plan = decide(snapshot, resolveRoute(snapshot, question), question, state)
  expect(renderDecision(explainDecision('req_1', plan, question)).split('\n')).toEqual([
    'A call for "r" would go to p/good; then p/slow.',
    'Route "r", strategy auto/cheap, about 100 tokens in, not streamed.',
    'Ruled out p/dear: blended price $60/Mtok is over the ceiling of $20/Mtok (price_too_high).',
    'Set back p/slow: it cannot be called now.',
    'Score 0.300 for p/good: selection_rank 0.00 × 0.05, health 1.00 × 0.2, account_availability 1.00 × 0.1, cost 0.00 × 0.6, latency 0.00 × 0.05.',
    'Score 0.750 for p/slow: selection_rank 1.00 × 0.05, health 0.00 × 0.2, account_availability 1.00 × 0.1, cost 1.00 × 0.6, latency 0.00 × 0.05.',
    'Because: demoted 1 target(s) that cannot be called now; score: selected=p/good score=0.300; deadline_ms=900.',
  ])
})
