/**
 * `switchback-gateway` as a library: the gateway without a process of its own. Runs on Bun and on Node 24.
 *
 *     const gateway = createGateway({ providers: [{ id: 'mock', type: 'mock' }] })
 *     const response = await gateway.fetch(new Request('http://localhost/v1/chat/completions', { … }))
 */
import { createGateway as compose, type Gateway as ComposedGateway } from './app.ts'
import type { CompiledConfig } from './config/compile.ts'
import { configFromObject, type LoadResult, type PublishedConfig } from './config/load.ts'
import { readSurroundings } from './config/env.ts'
import { GatewayError } from './errors/gateway-error.ts'
import type { Logger } from './observability/logger.ts'
import type { ReloadOutcome } from './operations/reload-config.ts'

export { GatewayError } from './errors/gateway-error.ts'
export type { RouteDecision } from './ir/decision.ts'
export type { RequestRecord } from './ir/record.ts'
export type { ReloadOutcome } from './operations/reload-config.ts'

export interface EmbedOptions {
  /** Directory for state; without one, records are kept in memory. */
  readonly dataDir?: string | undefined
  readonly logger?: Logger | undefined
}

export interface Gateway extends Omit<ComposedGateway, 'reload'> {
  /**
   * Takes over another configuration while requests run, which keep the one they began with; accounts, locks, circuits, sessions and learned
   * limits stay. Rejects with `config_invalid` when the configuration is not valid or fails its policy tests: then nothing has changed.
   * While a revision is published for all gateways that share the state, that one stays in force.
   */
  reload(config: unknown): Promise<ReloadOutcome>
}

/**
 * A gateway from a configuration in the shape of `switchback.yaml`, as plain data. Throws `config_invalid` with all problems in
 * `details.problems`. Its `policy_tests` are run by `listen` and by `reload`. Call `close()` when done.
 */
export function createGateway(config: unknown, options: EmbedOptions = {}): Gateway {
  let own = config
  const gateway = compose({
    config: compiled(config),
    dataDir: options.dataDir,
    logger: options.logger,
    load: (published) => loaded(own, published),
  })
  return {
    ...gateway,
    async reload(next) {
      const outcome = await gateway.reload(compiled(next))
      own = next
      return outcome
    },
  }
}

/** Opening a vault takes waiting, which whoever embeds the gateway does better. */
const NO_VAULT = {
  kind: 'shut',
  reason: 'An embedded gateway opens no vault: read the key yourself and hand it over as `inline`.',
} as const

const loaded = (config: unknown, published?: PublishedConfig): LoadResult =>
  configFromObject(config, { ...readSurroundings(), vault: NO_VAULT, published })

function compiled(config: unknown): CompiledConfig {
  const result = loaded(config)
  if (result.ok) return result.compiled
  const told = result.problems.map((problem) => `${problem.path === '' ? 'configuration' : problem.path}: ${problem.message}`)
  throw new GatewayError('config_invalid', `The configuration is not valid. ${told.join(' ')}`, {
    details: { problems: result.problems },
  })
}
