import type { CompiledConfig } from '../../config/compile.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { FactsOf } from '../../ir/snapshot.ts'
import { checkPolicies, failuresOf } from '../policy-gate.ts'
import { plural } from '../story-words.ts'
import { failure, fine, type Finding } from './finding.ts'

/** The policy tests that the configuration names; nothing when it names none. */
export function checkPolicyTests(config: CompiledConfig, factsOf: FactsOf): Finding[] {
  if (config.policyTests.length === 0) return []
  try {
    const reports = checkPolicies(config, factsOf)
    const failing = reports.flatMap((report) => failuresOf(report))
    if (failing.length > 0)
      return failing.map((text) => failure('policies', text, 'The configuration is not taken while a policy test fails.'))
    const count = reports.reduce((sum, { passed }) => sum + passed, 0)
    return [fine('policies', `${plural(count, 'policy test')} passed.`)]
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return [failure('policies', error.message)]
  }
}
