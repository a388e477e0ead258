import { dataDirectory } from '../config/locate.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { CliContext } from './cli-context.ts'
import type { CommonOptions } from './common-options.ts'
import { requireConfig } from './require-config.ts'

/** As `requireConfig`, with the keys that gateways of this configuration call with: a command that calls itself needs those. */
export async function requireKeyedConfig(context: CliContext, options: CommonOptions): Promise<LoadedConfig> {
  const [{ withKeptKeys }, loaded] = await Promise.all([
    import('../operations/with-kept-keys.ts'),
    requireConfig(context, { path: options.config }),
  ])
  const { clock, surroundings } = context
  const compiled = await withKeptKeys(loaded.compiled, {
    dataDir: dataDirectory(surroundings, options.dataDir),
    env: surroundings.env,
    clock,
    warn: (message) => context.stderr(`switchback: warning: ${message}\n`),
  })
  return { ...loaded, compiled }
}
