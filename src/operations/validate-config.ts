import type { LoadConfigOptions } from '../config/load.ts'
import type { Clock } from '../lib/clock.ts'
import { formatProblem, type ConfigProblem } from '../config/problem.ts'
import { describeConfigSource } from './describe-config-source.ts'
import { loadDecisionWorld } from './decision-world.ts'
import { openConfig } from './open-config.ts'
import { checkPolicies, failuresOf } from './policy-gate.ts'
import type { PolicyReport } from './run-policy-tests.ts'
import { plural } from './story-words.ts'

/** What a check of the configuration found. */
export interface ConfigReport {
  readonly ok: boolean
  /** Path of the file, or words for what stands in for it. */
  readonly config: string
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  /** Ids; empty when there are problems. */
  readonly providers: readonly string[]
  /** Model names the gateway would list; empty when there are problems. */
  readonly models: readonly string[]
  /** Runs of the policy tests the configuration names; none were run when there are problems. */
  readonly policies: readonly PolicyReport[]
}

export interface ValidateConfigOptions extends LoadConfigOptions {
  /** Where the operator's prices are, which policy tests may look at. */
  readonly dataDir: string
  readonly clock: Clock
}

/** Finds, reads and checks the configuration that `serve` would use, without serving, and runs the policy tests it names. */
export async function validateConfig(options: ValidateConfigOptions): Promise<ConfigReport> {
  const result = await openConfig(options)
  const config = result.source === undefined ? (options.path ?? '') : describeConfigSource(result.source)
  if (!result.ok) return { ...NOTHING_SERVED, config, problems: result.problems, warnings: result.warnings }
  const { compiled, warnings } = result
  const { providers, routing, policyTests } = compiled
  const checked = { config, problems: [], warnings, providers: providers.map(({ id }) => id), models: routing.modelIds }
  if (policyTests.length === 0) return { ...checked, ok: true, policies: [] }
  const { dataDir, clock } = options
  const { factsOf } = await loadDecisionWorld({ config: compiled, dataDir, clock, at: clock.wall() })
  const policies = checkPolicies(compiled, factsOf)
  return { ...checked, ok: policies.every(({ ok }) => ok), policies }
}

const NOTHING_SERVED = { ok: false, providers: [], models: [], policies: [] }

/** All problems and warnings, one a line, and a last line that sums up. */
export function renderConfigReport(report: ConfigReport): string {
  const { problems, warnings, policies } = report
  const failing = policies.flatMap((policy) => failuresOf(policy))
  const lines = [...problems.map(formatProblem), ...failing, ...warnings.map((warning) => `warning: ${formatProblem(warning)}`)]
  const tests = policies.reduce((sum, policy) => sum + policy.tests.length, 0)
  if (report.ok) {
    const passed = tests === 0 ? '' : ` ${plural(tests, 'policy test')} passed.`
    lines.push(
      `The configuration is valid (${report.config}): ${plural(report.providers.length, 'provider')}, ${plural(report.models.length, 'model')}.${passed}`,
    )
  } else if (problems.length > 0) lines.push(`${plural(problems.length, 'problem')} in the configuration. Nothing was started.`)
  else lines.push(`${failing.length} of ${plural(tests, 'policy test')} failed, so the configuration would not be taken.`)
  return lines.join('\n')
}
