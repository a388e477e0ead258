import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { plainQuestion, routingWorlds, snapshotOf, stateOf, type RoutingWorld } from '../../test/support/routing-worlds.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { RouteDecision } from '../ir/decision.ts'
import { decide } from './decide.ts'
import { explainDecision } from './explain-decision.ts'
import { recomputeDecision } from './recompute.ts'
import { resolveRoute } from './resolve-route.ts'

const planOf = ({ snapshot, question, state }: RoutingWorld) =>
  decide(snapshot, resolveRoute(snapshot, question), question, state)

/** The decision as a store gives it back; undefined when the request was refused before it came to candidates. */
function recorded(world: RoutingWorld): RouteDecision | undefined {
  try {
    return JSON.parse(JSON.stringify(explainDecision('req_1', planOf(world), world.question))) as RouteDecision
  } catch (error) {
    if (error instanceof GatewayError && ['model_not_found', 'forbidden', 'invalid_body'].includes(error.code)) return undefined
    throw error
  }
}

const RUNS = { numRuns: 150 }

describe('a decision', () => {
  test('made again from its record alone is the same', () => {
    let refused = 0
    fc.assert(
      fc.property(routingWorlds(), (world) => {
        const decision = recorded(world)
        if (decision === undefined) refused++
        else expect(recomputeDecision(decision, world.snapshot)).toEqual({ verdict: 'identical' })
      }),
      RUNS,
    )
    // Most worlds must come to a decision, or this says nothing.
    expect(refused).toBeLessThan(RUNS.numRuns / 2)
  })

  test('accounts for every candidate exactly once, with a reason for each that is out', () => {
    fc.assert(
      fc.property(routingWorlds(), (world) => {
        const decision = recorded(world)
        if (decision === undefined) return
        const used = [decision.selected, ...decision.fallbacks].flatMap((target) => (target === null ? [] : [target.target_id]))
        const out = decision.rejected.filter(({ code }) => code !== 'unknown_model')
        const all = decision.candidates?.map(({ target_id }) => target_id) ?? []
        if (decision.no_fallback !== true)
          expect([...used, ...out.map(({ target_id }) => target_id)].sort()).toEqual([...all].sort())
        for (const { reason, code } of decision.rejected) {
          expect(reason.length).toBeGreaterThan(10)
          expect(`${reason} ${code}`).not.toMatch(/undefined|NaN|\[object/)
        }
        expect(decision.reason.join('\n')).not.toMatch(/undefined|NaN|\[object/)
        if (used.length > 1) expect(decision.scores.map(({ target_id }) => target_id).slice(0, used.length)).toEqual(used)
      }),
      RUNS,
    )
  })

  test('puts nobody who can serve behind somebody who cannot', () => {
    fc.assert(
      fc.property(routingWorlds(), (world) => {
        const decision = recorded(world)
        if (decision === undefined) return
        const standing = new Map(decision.candidates?.map((candidate) => [candidate.target_id, candidate.standing]))
        const ranks = decision.scores.map(({ target_id }) =>
          ['healthy', 'demoted', 'unavailable'].indexOf(standing.get(target_id) ?? ''),
        )
        expect(ranks).toEqual(ranks.toSorted((left, right) => left - right))
      }),
      RUNS,
    )
  })
})

describe('a decision made again from a record', () => {
  const config = {
    providers: [
      { id: 'a', type: 'openai_compatible', base_url: 'http://127.0.0.1:1/v1', api_key: 'k' },
      { id: 'b', type: 'openai_compatible', base_url: 'http://127.0.0.1:2/v1', api_key: 'k' },
    ],
  }
  const snapshot = snapshotOf({ ...config, routes: [{ name: 'r', match: { model: 'r' }, targets: ['a/m', 'b/m'] }] })
  const world = { snapshot, question: plainQuestion('r'), state: stateOf() }
  const decision = recorded(world) as RouteDecision

  test('tells what differs under another configuration', () => {
    const other = snapshotOf({ ...config, routes: [{ name: 'r', match: { model: 'r' }, targets: ['b/m', 'a/m'] }] })
    const again = recomputeDecision(decision, other)
    expect(again).toMatchObject({ verdict: 'different', decision: { selected: { target_id: 'b/m' } } })
    expect(again.verdict === 'different' && again.fields).toContain('selected')
  })

  test('tells that the request would be refused', () => {
    const other = snapshotOf({ ...config, routes: [] })
    expect(recomputeDecision(decision, other)).toMatchObject({ verdict: 'different', refusal: 'model_not_found' })
  })

  test('is undetermined where a target was not looked at then', () => {
    const other = snapshotOf({ ...config, routes: [{ name: 'r', match: { model: 'r' }, targets: ['a/m', 'b/other'] }] })
    expect(recomputeDecision(decision, other)).toMatchObject({
      verdict: 'undetermined',
      inputs: ['observed state of b/other', 'facts of b/other'],
    })
    const factsOf = () => ({ capabilities: {}, tags: [] })
    expect(recomputeDecision(decision, other, { factsOf })).toMatchObject({ inputs: ['observed state of b/other'] })
  })

  test('is undetermined where a condition was not looked at then', () => {
    const other = snapshotOf({
      ...config,
      routes: [{ name: 'r', match: { model: 'r', headers: { 'X-Team': 'core' } }, targets: ['a/m'] }],
    })
    expect(recomputeDecision(decision, other)).toMatchObject({
      verdict: 'undetermined',
      inputs: ['condition header x-team=core'],
    })
  })

  test('of a request that was refused is the same while it would still be refused', () => {
    const denied: RouteDecision = { ...decision, strategy: 'denied', inputs: { ...decision.inputs, model: 'nobody-knows' } }
    expect(recomputeDecision(denied, snapshot)).toEqual({ verdict: 'identical' })
    const open = snapshotOf({ ...config, server: { default_provider: 'a' } })
    expect(recomputeDecision(denied, open).verdict).not.toBe('identical')
  })

  test('never holds a header, whatever it said', () => {
    const guarded = snapshotOf({
      ...config,
      routes: [{ name: 'r', match: { model: '*', headers: { 'x-tenant': 'canary*' } }, targets: ['a/m'] }],
    })
    const asked = plainQuestion('x', { header: () => 'canary-2f41' })
    const kept = recorded({ snapshot: guarded, question: asked, state: stateOf() })
    expect(kept?.conditions).toEqual({ 'header x-tenant=canary*': true })
    expect(JSON.stringify(kept)).not.toContain('canary-2f41')
  })
})
