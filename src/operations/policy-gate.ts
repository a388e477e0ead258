import type { CompiledConfig } from '../config/compile.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { FactsOf } from '../ir/snapshot.ts'
import { parsePolicyFile } from './policy-file.ts'
import { runPolicyTests, type PolicyReport, type PolicyTestResult } from './run-policy-tests.ts'
import { plural } from './story-words.ts'

/** Runs the policy tests that a configuration names, as `switchback test` does. Throws `config_invalid` for files that are no good. */
export const checkPolicies = ({ policyTests, routing }: CompiledConfig, factsOf: FactsOf): PolicyReport[] =>
  policyTests.map(({ path, text }) => runPolicyTests(routing, parsePolicyFile(text, path), { factsOf }))

/** Throws `config_invalid` that tells every policy test that fails under the configuration, with its place; it must not be taken then. */
export function requirePolicies(config: CompiledConfig, factsOf: FactsOf): void {
  const failing = checkPolicies(config, factsOf).flatMap((report) => failuresOf(report))
  if (failing.length === 0) return
  const lines = failing.map((failure) => `  ${failure}`)
  throw new GatewayError(
    'config_invalid',
    `${plural(failing.length, 'policy test')} of the configuration ${failing.length === 1 ? 'fails' : 'fail'}:\n${lines.join('\n')}`,
    { details: { policies: failing } },
  )
}

/** `policies.yaml:12: interns never get opus: selected is anthropic/opus, expected openai/gpt-5` */
export const failuresOf = ({ file, tests }: PolicyReport): string[] =>
  tests.filter(({ ok }) => !ok).map((test) => `${file}:${test.line}: ${test.name}: ${differencesOf(test)}`)

const differencesOf = ({ failures }: PolicyTestResult): string =>
  failures.map(({ expectation, expected, actual }) => `${expectation} is ${actual}, expected ${expected}`).join('; ')
