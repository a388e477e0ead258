import { dataDirectory } from '../config/locate.ts'
import type { GatewayAddress } from '../operations/call-gateway.ts'
import type { CliContext } from './cli-context.ts'
import type { CommonOptions } from './common-options.ts'
import { gatewayKey } from './gateway-key.ts'

/** The gateway that an operator means: of `--url`, or the one that serves from the data directory. Undefined when none does. */
export async function operatorGateway(context: CliContext, options: CommonOptions): Promise<GatewayAddress | undefined> {
  const { surroundings, fetch } = context
  const apiKey = gatewayKey(surroundings.env)
  if (options.url !== undefined) return { url: options.url, apiKey, fetch }
  const [{ findRunningGateway }, basePath] = await Promise.all([
    import('../operations/find-running-gateway.ts'),
    configuredBasePath(context, options),
  ])
  const url = findRunningGateway(dataDirectory(surroundings, options.dataDir), basePath)
  return url === undefined ? undefined : { url, apiKey, fetch }
}

/** Below which path the gateway answers. A configuration that cannot be read keeps nobody from asking at the usual place. */
async function configuredBasePath(context: CliContext, options: CommonOptions): Promise<string> {
  const { loadConfig } = await import('../config/load.ts')
  const result = loadConfig({ ...context.surroundings, path: options.config })
  return result.ok ? result.compiled.server.basePath : ''
}
