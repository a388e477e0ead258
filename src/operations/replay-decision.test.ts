import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { plainQuestion, routingWorlds, snapshotOf, stateOf, type RoutingWorld } from '../../test/support/routing-worlds.ts'
import { ENGINE_VERSION } from '../engine/version.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { RequestRecord } from '../ir/record.ts'
import type { RoutingSnapshot, TargetFacts } from '../ir/snapshot.ts'
import { decide } from '../routing/decide.ts'
import { explainDecision } from '../routing/explain-decision.ts'
import { resolveRoute } from '../routing/resolve-route.ts'
import { exampleRecord } from '../state/records/conformance.ts'
import { Replayer } from './replay-decision.ts'

/** The record of a question, as a store gives it back; undefined when it was refused before it came to candidates. */
function recorded({ snapshot, question, state }: RoutingWorld): RequestRecord | undefined {
  try {
    const plan = decide(snapshot, resolveRoute(snapshot, question), question, state)
    const decision = explainDecision('req_1', plan, question)
    const record = exampleRecord({ config_hash: snapshot.configHash, engine_version: ENGINE_VERSION, decision })
    return JSON.parse(JSON.stringify(record)) as RequestRecord
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

const NOTHING: TargetFacts = { capabilities: {}, tags: [] }
const config = {
  providers: ['a', 'b'].map((id, index) => ({
    id,
    type: 'openai_compatible',
    base_url: `http://127.0.0.1:${index + 1}/v1`,
    api_key: 'k',
  })),
}
const routed = (targets: readonly string[], more: object = {}): RoutingSnapshot =>
  snapshotOf({ ...config, routes: [{ name: 'r', match: { model: 'r' }, targets, ...more }] })
const recordOf = (snapshot: RoutingSnapshot, more: Partial<RoutingWorld> = {}): RequestRecord => {
  const record = recorded({ snapshot, question: plainQuestion('r'), state: stateOf(), ...more })
  if (record === undefined) throw new TypeError('the question was refused')
  return record
}

describe('any recorded decision', () => {
  test('is identical when made again, and the same against the same configuration', () => {
    let compared = 0
    fc.assert(
      fc.property(routingWorlds(), (world) => {
        const record = recorded(world)
        if (record === undefined) return
        compared++
        const replayer = new Replayer({ snapshot: world.snapshot, factsOf: world.state.factsOf })
        expect(replayer.again(record)).toMatchObject({ verdict: 'identical', differences: [], config_changed: false })
        expect(replayer.against(record)).toMatchObject({ verdict: 'same', differences: [], undetermined: [] })
        const later = new Replayer({ snapshot: world.snapshot, factsOf: world.state.factsOf, engineVersion: '99.0.0' })
        expect(later.again(record)).toMatchObject({ verdict: 'same', compared: 'meaning' })
      }),
      { numRuns: 150 },
    )
    expect(compared).toBeGreaterThan(75)
  })
})

describe('a decision made again', () => {
  const snapshot = routed(['a/m', 'b/m'])
  const record = recordOf(snapshot)

  test('says that the configuration has changed, and still compares', () => {
    const replayer = new Replayer({ snapshot: routed(['a/m', 'b/m'], { retry: { max_retries: 3 } }), factsOf: () => NOTHING })
    expect(replayer.again(record)).toMatchObject({ verdict: 'identical', config_changed: true })
  })

  test('tells field by field what differs', () => {
    const { verdict, differences } = new Replayer({ snapshot: routed(['b/m', 'a/m']), factsOf: () => NOTHING }).again(record)
    expect(verdict).toBe('different')
    expect(differences).toContainEqual({ field: 'selected.target_id', was: 'a/m', now: 'b/m' })
    expect(differences).toContainEqual({ field: 'fallbacks[0].target_id', was: 'b/m', now: 'a/m' })
  })

  test('tells that the request would be refused', () => {
    const replayer = new Replayer({ snapshot: snapshotOf({ ...config, routes: [] }), factsOf: () => NOTHING })
    expect(replayer.again(record)).toMatchObject({
      verdict: 'different',
      refusal: 'model_not_found',
      differences: [{ field: 'selected', was: 'a/m', now: null }],
    })
  })

  test('does not depend on whether the keys are set here', () => {
    const keyless = snapshotOf({
      providers: config.providers.map(({ id, type }) => ({
        id,
        type,
        base_url: `https://${id}.example/v1`,
        api_key_env: 'NOT_SET',
      })),
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['a/m', 'b/m'] }],
    })
    expect(new Replayer({ snapshot: keyless, factsOf: () => NOTHING }).again(record)).toMatchObject({ verdict: 'identical' })
    const without = recordOf(keyless, { state: stateOf({}, { 'a/m': { accountsTotal: 0 }, 'b/m': { accountsTotal: 0 } }) })
    expect(without.decision.rejected).toHaveLength(2)
    expect(new Replayer({ snapshot: keyless, factsOf: () => NOTHING }).again(without)).toMatchObject({
      verdict: 'identical',
      refusal: 'no_eligible_target',
    })
  })
})

describe('a decision against another configuration', () => {
  const tools = { features: () => new Set(['tools.name'] as const) }
  const record = recordOf(routed(['a/m', 'b/m']), {
    question: plainQuestion('r', tools),
    state: stateOf({ 'a/m': { contextWindow: 9_000 } }),
  })

  test('uses what that configuration declares, and what the catalogue said then', () => {
    const factsOf = ({ id }: { id: string }): TargetFacts =>
      id === 'a/m' ? { capabilities: { toolCalling: false }, declared: { toolCalling: false }, tags: [] } : NOTHING
    const { verdict, differences, decision } = new Replayer({ snapshot: routed(['a/m', 'b/m']), factsOf }).against(record)
    expect(verdict).toBe('different')
    expect(differences).toContainEqual({ field: 'rejected.a/m', was: undefined, now: 'tools_unsupported' })
    expect(decision?.candidates?.[0]?.facts).toMatchObject({ context_window: 9_000, declared: { tool_calling: false } })
  })

  test('is undetermined where a target was not looked at then, and says what it would be if that one is well', () => {
    const replayed = new Replayer({ snapshot: routed(['b/other', 'a/m']), factsOf: () => NOTHING }).against(record)
    expect(replayed).toMatchObject({
      verdict: 'undetermined',
      undetermined: ['observed state of b/other'],
      decision: { selected: { target_id: 'b/other' } },
    })
  })

  test('is undetermined where nobody kept whose turn it was', () => {
    const snapshot = routed(['a/m', 'b/m'], { strategy: 'round_robin' })
    expect(new Replayer({ snapshot, factsOf: () => NOTHING }).against(record)).toMatchObject({
      verdict: 'undetermined',
      undetermined: ['whose turn it was on route r'],
    })
  })
})
