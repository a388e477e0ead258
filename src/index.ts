/**
 * `switchback-gateway` as a library: the gateway without a process of its own. Runs on Bun and on Node 24.
 *
 *     const gateway = createGateway({ providers: [{ id: 'mock', type: 'mock' }] })
 *     const response = await gateway.fetch(new Request('http://localhost/v1/chat/completions', { … }))
 */
import { createGateway as compose, type Gateway } from './app.ts'
import { configFromObject } from './config/load.ts'
import { readSurroundings } from './config/env.ts'
import { GatewayError } from './errors/gateway-error.ts'
import type { Logger } from './observability/logger.ts'

export { GatewayError } from './errors/gateway-error.ts'
export type { Gateway } from './app.ts'
export type { RouteDecision } from './ir/decision.ts'
export type { RequestRecord } from './ir/record.ts'

export interface EmbedOptions {
  /** Directory for state; without one, records are kept in memory. */
  readonly dataDir?: string | undefined
  readonly logger?: Logger | undefined
}

/**
 * A gateway from a configuration in the shape of `switchback.yaml`, as plain data. Throws `config_invalid` with all problems in
 * `details.problems`. Call `close()` when done.
 */
export function createGateway(config: unknown, options: EmbedOptions = {}): Gateway {
  const loaded = configFromObject(config, readSurroundings())
  if (!loaded.ok) {
    const told = loaded.problems.map((problem) => `${problem.path === '' ? 'configuration' : problem.path}: ${problem.message}`)
    throw new GatewayError('config_invalid', `The configuration is not valid. ${told.join(' ')}`, {
      details: { problems: loaded.problems },
    })
  }
  return compose({ config: loaded.compiled, dataDir: options.dataDir, logger: options.logger })
}
