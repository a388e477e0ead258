import type { CompiledConfig } from '../config/compile.ts'
import type { CliContext } from './cli-context.ts'
import { requireConfig } from './require-config.ts'

/**
 * The configuration, for a command that only wants to know where something is kept. One that is not valid keeps nobody from looking into the
 * usual place, which is told; undefined then. Nothing is written there, as it may belong elsewhere: throws `config_invalid` for `write`.
 */
export async function keptConfig(
  context: CliContext,
  path: string | undefined,
  access: 'read' | 'write' = 'read',
): Promise<CompiledConfig | undefined> {
  const { loadConfig } = await import('../config/load.ts')
  const loaded = loadConfig({ ...context.surroundings, path })
  if (loaded.ok) return loaded.compiled
  if (access === 'write') return (await requireConfig(context, { path })).compiled
  context.stderr(
    'switchback: warning: The configuration is not valid, so the usual place in the data directory is looked into. "switchback config validate" tells what is wrong.\n',
  )
  return undefined
}
