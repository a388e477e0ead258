import type { PriceBook } from '../../catalog/prices/price-book.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { providerHosts } from '../../config/provider-hosts.ts'
import { Meters } from '../../engine/limits/meters.ts'
import { limitRefusal } from '../../engine/limits/limit-refusal.ts'
import type { BudgetRule } from '../../ir/limits.ts'
import type { Clock } from '../../lib/clock.ts'
import { openLedgerForCommand } from '../../state/ledger/open-for-command.ts'
import type { StorePlace } from '../../state/store-place.ts'
import { spentInLedger } from '../../state/limits/spent-before.ts'
import type { Upstream } from '../provider/open-upstream.ts'
import { storePlace } from '../store-place.ts'
import { ProbeLedger } from './probe-ledger.ts'

/** Where a command that calls upstreams accounts for it. */
export interface ProbeBooks {
  readonly loaded: LoadedConfig
  readonly dataDir: string
  readonly clock: Clock
}

/** The ledger of gateways of this configuration, for calls of a command to one model. */
export function openProbeLedger(
  { loaded, dataDir, clock }: ProbeBooks,
  { provider, account }: Pick<Upstream, 'provider' | 'account'>,
  { model, prices }: { readonly model: string; readonly prices: Pick<PriceBook, 'priceOf'> },
): ProbeLedger {
  const host = providerHosts(loaded.compiled).get(provider.id) ?? ''
  const party = { provider: provider.id, model, account: account.id, host }
  return new ProbeLedger({ party, prices, clock, place: ledgerPlace(loaded, dataDir) })
}

/**
 * Whether a command may spend anything with an account: budgets of the gateway, the provider and the account hold for it as well. What was
 * spent is what the ledger knows. Rejects with `budget_exceeded`, and with `state_unavailable` when there are budgets and nobody can tell.
 */
export async function requireProbeBudget(
  { loaded, dataDir, clock }: ProbeBooks,
  { provider, account }: Pick<Upstream, 'provider' | 'account'>,
): Promise<void> {
  const { global, providers, accounts } = loaded.compiled.limits
  const rules = [global, providers.get(provider.id), accounts.get(`${provider.id}/${account.id}`)].flatMap((limits) =>
    (limits?.rules ?? []).filter((rule): rule is BudgetRule => rule.measure === 'usd'),
  )
  const place = ledgerPlace(loaded, dataDir)
  const ledger = rules.length === 0 || place === undefined ? undefined : openLedgerForCommand(place, clock, 'read')
  if (ledger === undefined) return
  try {
    const spentBefore = spentInLedger({ ledger, flush: () => Promise.resolve(), clock })
    const wall = clock.wall()
    for (const rule of rules) {
      const claim = new Meters().of(rule).claim(0, wall)
      const { start, end } = claim.kind === 'period' ? claim : { start: 0, end: undefined }
      const used = (await spentBefore(rule.counter, start)) ?? 0
      if (used >= rule.limit)
        throw limitRefusal({ rule, amount: 1, claim: { used, held: 0, resetAt: end, fitsAt: end } }, 'budget_exceeded', wall)
    }
  } finally {
    await ledger.close()
  }
}

/** Where gateways of this configuration keep what calls cost; undefined when they do not, or in memory. */
const ledgerPlace = ({ compiled }: LoadedConfig, dataDir: string): StorePlace | undefined =>
  compiled.state.ledger.enabled ? storePlace(compiled, dataDir) : undefined
