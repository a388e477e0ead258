import type { LoadedConfig } from '../config/load.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { CliContext } from './cli-context.ts'

export interface RequireConfigOptions {
  /** `--config`. */
  readonly path?: string | undefined
  /** `--bind`. */
  readonly bind?: string | undefined
}

/** The configuration a command works with; its warnings go to stderr. Throws `config_invalid` that lists every problem. */
export async function requireConfig(context: CliContext, options: RequireConfigOptions): Promise<LoadedConfig> {
  const [{ openConfig }, { formatProblem }] = await Promise.all([
    import('../operations/open-config.ts'),
    import('../config/problem.ts'),
  ])
  const result = await openConfig({ ...context.surroundings, path: options.path, bind: options.bind })
  for (const warning of result.warnings) context.stderr(`switchback: warning: ${formatProblem(warning)}\n`)
  if (result.ok) return result
  const count = result.problems.length === 1 ? 'There is a problem' : `There are ${result.problems.length} problems`
  const lines = result.problems.map((problem) => `  ${formatProblem(problem)}`)
  throw new GatewayError('config_invalid', `${count} in the configuration:\n${lines.join('\n')}`, {
    details: { problems: result.problems },
  })
}
