import { GatewayError } from '../errors/gateway-error.ts'
import type { RouteDecision } from '../ir/decision.ts'
import type { FactsOf, RoutingSnapshot } from '../ir/snapshot.ts'
import { NOTHING_OBSERVED } from '../routing/candidate.ts'
import { decide } from '../routing/decide.ts'
import { explainDecision } from '../routing/explain-decision.ts'
import { resolveRoute } from '../routing/resolve-route.ts'
import { unmetExpectations, type PolicyFailure } from './policy-expectations.ts'
import type { PolicyFile } from './policy-file.ts'
import { policyObservation, policyQuestion } from './policy-question.ts'
import type { PolicyTest } from './policy.schema.ts'
import { providersWithoutAccount, withStandInAccounts } from './stand-in-accounts.ts'

/** How one test ended. */
export interface PolicyTestResult {
  readonly name: string
  readonly line: number
  readonly ok: boolean
  readonly failures: readonly PolicyFailure[]
  /** Undefined when the request was refused before it came to candidates. */
  readonly decision?: RouteDecision | undefined
  /** The refusal, if it came to one. */
  readonly error?: { readonly code: string; readonly message: string } | undefined
}

export interface PolicyReport {
  readonly ok: boolean
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly tests: readonly PolicyTestResult[]
}

export interface RunPolicyOptions {
  /** What is known of the snapshot's targets. */
  readonly factsOf: FactsOf
}

/**
 * Runs policy tests against a snapshot, through the same functions that decide on calls. Nobody is called and no key is needed: a provider
 * whose keys are not set counts as having an account. Pure.
 */
export function runPolicyTests(snapshot: RoutingSnapshot, file: PolicyFile, options: RunPolicyOptions): PolicyReport {
  const complete = withStandInAccounts(snapshot, providersWithoutAccount(snapshot))
  const tests = file.tests.map(({ test, line }) => ({ name: test.name, line, ...runTest(complete, test, options) }))
  const failed = tests.filter(({ ok }) => !ok).length
  return { ok: failed === 0, file: file.path, passed: tests.length - failed, failed, tests }
}

function runTest(
  snapshot: RoutingSnapshot,
  test: PolicyTest,
  { factsOf }: RunPolicyOptions,
): Omit<PolicyTestResult, 'name' | 'line'> {
  const made = decisionOf(snapshot, test, factsOf)
  const failures = unmetExpectations(test, made, snapshot)
  return { ok: failures.length === 0, failures, ...made }
}

function decisionOf(
  snapshot: RoutingSnapshot,
  { request, observed, seed, turn }: PolicyTest,
  factsOf: FactsOf,
): Pick<PolicyTestResult, 'decision' | 'error'> {
  const seen = new Map(Object.entries(observed ?? {}).map(([id, given]) => [id, policyObservation(given)]))
  try {
    const question = policyQuestion(request)
    const state = {
      observed: { of: ({ id }: { id: string }) => seen.get(id) ?? NOTHING_OBSERVED, cursor: () => turn },
      factsOf,
      seed,
    }
    const plan = decide(snapshot, resolveRoute(snapshot, question), question, state)
    return { decision: explainDecision('policy-test', plan, question) }
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code === 'internal') throw error
    return { error: { code: error.code, message: error.message } }
  }
}
