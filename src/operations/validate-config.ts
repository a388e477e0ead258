import { loadConfig, type LoadConfigOptions } from '../config/load.ts'
import { formatProblem, type ConfigProblem } from '../config/problem.ts'
import { describeConfigSource } from './describe-config-source.ts'
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
}

/** Finds, reads and checks the configuration that `serve` would use, without serving. */
export function validateConfig(options: LoadConfigOptions): ConfigReport {
  const result = loadConfig(options)
  const config = result.source === undefined ? (options.path ?? '') : describeConfigSource(result.source)
  if (!result.ok) return { ok: false, config, problems: result.problems, warnings: result.warnings, providers: [], models: [] }
  const { providers, routing } = result.compiled
  return {
    ok: true,
    config,
    problems: [],
    warnings: result.warnings,
    providers: providers.map(({ id }) => id),
    models: routing.modelIds,
  }
}

/** All problems and warnings, one a line, and a last line that sums up. */
export function renderConfigReport(report: ConfigReport): string {
  const lines = [...report.problems.map(formatProblem), ...report.warnings.map((warning) => `warning: ${formatProblem(warning)}`)]
  if (report.ok)
    lines.push(
      `The configuration is valid (${report.config}): ${plural(report.providers.length, 'provider')}, ${plural(report.models.length, 'model')}.`,
    )
  else lines.push(`${plural(report.problems.length, 'problem')} in the configuration. Nothing was started.`)
  return lines.join('\n')
}
