import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { routingWorlds } from '../../test/support/routing-worlds.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { RoutePlan } from '../ir/decision.ts'
import { decide } from './decide.ts'
import { explainDecision } from './explain-decision.ts'
import { packDecision, type PackedDecision } from './packed-decision.ts'
import { resolveRoute } from './resolve-route.ts'
import { unpackDecision } from './unpack-decision.ts'

const throughJson = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value

test('a packed decision says the same as one that is explained at once', () => {
  let explained = 0
  fc.assert(
    fc.property(routingWorlds(), ({ snapshot, question, state }) => {
      let plan: RoutePlan
      try {
        plan = decide(snapshot, resolveRoute(snapshot, question), question, state)
      } catch (error) {
        if (error instanceof GatewayError) return
        throw error
      }
      explained++
      const packed: PackedDecision = throughJson(packDecision(plan, question))
      expect(throughJson(unpackDecision('req_1', packed))).toEqual(throughJson(explainDecision('req_1', plan, question)))
    }),
    { numRuns: 300 },
  )
  expect(explained).toBeGreaterThan(100)
})

test('a plan that was refused before it came to candidates has no evidence', () => {
  const plan: RoutePlan = { route: 'denied', strategy: 'denied', targets: [], rejected: [], unverified: false }
  const question = {
    model: 'gpt',
    clientFormat: 'openai',
    stream: false,
    estimatedInputTokens: 0,
    maxOutputTokens: undefined,
    features: () => new Set<never>(),
  } as const
  const decision = unpackDecision('req_1', throughJson(packDecision(plan, question)))
  expect(decision.candidates).toBeUndefined()
  expect(throughJson(decision)).toEqual(throughJson(explainDecision('req_1', plan, question)))
})
