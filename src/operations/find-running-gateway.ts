import { GatewayError } from '../errors/gateway-error.ts'
import { dataDirOwner } from '../state/data-dir.ts'

/** Address of the gateway that serves from a data directory; undefined when none does. Throws while one is just starting. */
export function findRunningGateway(dataDir: string, basePath: string): string | undefined {
  const owner = dataDirOwner(dataDir)
  if (owner === undefined) return undefined
  if (owner.url !== undefined) return `${owner.url}${basePath}`
  throw new GatewayError(
    'data_dir_locked',
    `Process ${owner.pid} holds the data directory ${dataDir} and does not listen yet. Try again in a moment, or name a gateway with --url.`,
  )
}
