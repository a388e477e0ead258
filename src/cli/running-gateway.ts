import { dataDirectory } from '../config/locate.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { GatewayAddress } from '../operations/call-gateway.ts'
import type { CliContext } from './cli-context.ts'
import type { CommonOptions } from './common-options.ts'
import { operatorGateway } from './operator-gateway.ts'

/** The gateway that an operator means, which must be running. Throws `upstream_connect_failed` with what to do when none is. */
export async function runningGateway(context: CliContext, options: CommonOptions): Promise<GatewayAddress> {
  const gateway = await operatorGateway(context, options)
  if (gateway !== undefined) return gateway
  throw new GatewayError(
    'upstream_connect_failed',
    `No gateway serves from ${dataDirectory(context.surroundings, options.dataDir)}. Start one with "switchback serve", or name one with --url or --data-dir.`,
  )
}
