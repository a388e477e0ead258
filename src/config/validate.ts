import { loadConfig, type ConfigSource, type LoadConfigOptions } from './load.ts'
import type { ConfigProblem } from './problem.ts'

/** What `switchback config validate` reports. */
export interface ValidationReport {
  readonly ok: boolean
  readonly source: ConfigSource | undefined
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

/** Checks a configuration as starting with it would, keys in the environment included, and starts nothing. */
export function validateConfigFile(options: LoadConfigOptions): ValidationReport {
  const result = loadConfig(options)
  return { ok: result.ok, source: result.source, problems: result.ok ? [] : result.problems, warnings: result.warnings }
}
