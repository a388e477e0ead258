import { join } from 'node:path'
import type { PriceBook } from '../../catalog/prices/price-book.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { providerHosts } from '../../config/provider-hosts.ts'
import type { BudgetRule } from '../../ir/limits.ts'
import type { Clock } from '../../lib/clock.ts'
import { PERIODS_SUFFIX, sharedFiles } from '../../state/shared-files.ts'
import type { StorePlace } from '../../state/store-place.ts'
import type { Upstream } from '../provider/open-upstream.ts'
import { storePlace } from '../store-place.ts'
import { ProbeBudgets } from './probe-budgets.ts'
import { ProbeLedger } from './probe-ledger.ts'

/** Where a command that calls upstreams accounts for it. */
export interface ProbeBooks {
  readonly loaded: LoadedConfig
  readonly dataDir: string
  readonly clock: Clock
  /** Told what could not be accounted for. */
  readonly warn: (message: string) => void
}

/** The ledger of gateways of this configuration, for calls of a command to one model. */
export function openProbeLedger(
  books: ProbeBooks,
  upstream: Pick<Upstream, 'provider' | 'account'>,
  { model, prices }: { readonly model: string; readonly prices: Pick<PriceBook, 'priceOf'> },
): ProbeLedger {
  const { loaded, dataDir, clock, warn } = books
  const { provider, account } = upstream
  const host = providerHosts(loaded.compiled).get(provider.id) ?? ''
  const party = { provider: provider.id, model, account: account.id, host }
  const budgets = openProbeBudgets(books, upstream)
  return new ProbeLedger({ party, prices, clock, budgets, warn, place: ledgerPlace(loaded, dataDir) })
}

/** The budgets that calls with an account are under. */
export function openProbeBudgets(
  { loaded, dataDir, clock }: ProbeBooks,
  { provider, account }: Pick<Upstream, 'provider' | 'account'>,
): ProbeBudgets {
  const { limits, state } = loaded.compiled
  const { global, providers, accounts } = limits
  const rules = [global, providers.get(provider.id), accounts.get(`${provider.id}/${account.id}`)].flatMap((own) =>
    (own?.rules ?? []).filter((rule): rule is BudgetRule => rule.measure === 'usd'),
  )
  const place = { redis: state.shared?.redis, file: counterFile(loaded, dataDir), ledger: ledgerPlace(loaded, dataDir) }
  return new ProbeBudgets({ rules, place, clock })
}

/** Where gateways of this configuration keep what calls cost; undefined when they do not, or in memory. */
const ledgerPlace = ({ compiled }: LoadedConfig, dataDir: string): StorePlace | undefined =>
  compiled.state.ledger.enabled ? storePlace(compiled, dataDir) : undefined

/** Where the only gateway of this configuration counts what budgets have spent; undefined when that is in memory. */
function counterFile({ compiled }: LoadedConfig, dataDir: string): string | undefined {
  const place = storePlace(compiled, dataDir)
  return place?.kind === 'shared' ? join(dataDir, `${sharedFiles(0)}${PERIODS_SUFFIX}`) : place?.path
}
