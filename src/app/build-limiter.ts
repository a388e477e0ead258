import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import { configuredLimitsOf } from '../engine/limits/caller-rules.ts'
import { createLimiter } from '../engine/limits/create-limiter.ts'
import type { Limiter } from '../engine/limits/limiter.ts'
import { asProviderId } from '../ir/ids.ts'
import { Deadlines } from '../lib/deadlines.ts'
import { whenever } from '../lib/eventually.ts'
import type { LiveConfig } from '../operations/live-config.ts'
import { issuedLimitsOf, joinedLimitsOf } from '../operations/tenancy/issued-limits.ts'
import type { GatewayState } from '../state/open-state.ts'
import type { KeyDirectory } from '../state/tenancy/key-directory.ts'
import type { Surroundings } from './surroundings.ts'

interface LimiterParts extends Pick<Surroundings, 'clock' | 'logger'> {
  readonly live: LiveConfig
  readonly state: Pick<GatewayState, 'limits'>
  readonly prices: LazyPrices
  /** Issued keys. */
  readonly keys: KeyDirectory
}

/** One object for as long as neither the configuration nor an issued key changes. */
function versionOf(live: LiveConfig, keys: Pick<KeyDirectory, 'revision'>): () => object {
  let known = { limits: live.config.limits, revision: keys.revision }
  return () => {
    const { limits } = live.config
    const { revision } = keys
    if (known.limits !== limits || known.revision !== revision) known = { limits, revision }
    return known
  }
}

/** Limits and budgets by whatever configuration is in force. */
export function buildLimiter({ live, state, prices, keys, clock, logger }: LimiterParts): Limiter {
  return createLimiter({
    store: state.limits,
    settings: live.config.limits,
    limitsOf: joinedLimitsOf(
      (principal) => configuredLimitsOf(live.config.limits)(principal),
      issuedLimitsOf(keys, () => live.config.limits.inherited),
    ),
    version: versionOf(live, keys),
    accountsOf: (provider) => live.revision.providers.get(asProviderId(provider))?.settings.accounts.map(({ id }) => id) ?? [],
    priceOf: ({ provider, model }) =>
      whenever(
        prices.book ?? prices.warm(),
        (book) => book.priceOf({ providerId: provider, host: live.hostOf(provider), model }, clock.wall())?.price,
      ),
    clock,
    deadlines: new Deadlines(clock),
    failed: (error) => logger.error({ reason: String(error) }, 'what a call used could not be counted towards its limits'),
    crossed: ({ rule, share, spent }) =>
      logger.warn(
        { scope: rule.scope, subject: rule.subject, period: rule.period, share, spent_nanos: spent, limit_nanos: rule.limit },
        share === 1 ? 'a budget is spent' : 'a budget has passed a threshold',
      ),
  })
}
