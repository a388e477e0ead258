import { join } from 'node:path'
import type { PriceBook } from '../../catalog/prices/price-book.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import type { LedgerPlace } from '../../state/ledger/open-for-command.ts'
import { STATE_FILE } from '../../state/records/open.ts'
import { loadDecisionWorld } from '../decision-world.ts'
import { knownFacts, targetOf } from '../provider/known-facts.ts'
import { type MakeProvider, openUpstream } from '../provider/open-upstream.ts'
import { openPrices } from '../usage/open-prices.ts'
import { type Certification, keepCertifications } from './certification-file.ts'
import { type CertificationMode, certifyTarget, probesOf } from './certify-target.ts'
import { estimateCost, type ProbeEstimate } from './estimate-cost.ts'
import { ProbeLedger } from './probe-ledger.ts'
import type { Probe } from './probe.types.ts'

export interface CertifierOptions {
  readonly loaded: LoadedConfig
  readonly dataDir: string
  readonly makeProvider: MakeProvider
  readonly clock: Clock
  /** Of this program. */
  readonly version: string
}

/** What came of certifying a target, and what that cost. */
export interface CertifiedTarget {
  readonly certification: Certification
  /** 1e-9 USD; undefined when it is not known. */
  readonly nanoDollars: number | undefined
  /** Whether the calls stand in the ledger. */
  readonly inLedger: boolean
}

/** Certifies targets of a configuration, one after the other, and keeps what came of it in the data directory. */
export class Certifier {
  private readonly options: CertifierOptions
  private readonly prices: PriceBook
  private readonly factsOf: Awaited<ReturnType<typeof loadDecisionWorld>>['factsOf']
  private readonly hosts: ReadonlyMap<string, string>

  private constructor(options: CertifierOptions, prices: PriceBook, world: Awaited<ReturnType<typeof loadDecisionWorld>>) {
    this.options = options
    this.prices = prices
    this.factsOf = world.factsOf
    this.hosts = world.hosts
  }

  /** Throws when the operator's own prices are no good. */
  static async open(options: CertifierOptions): Promise<Certifier> {
    const { loaded, dataDir, clock } = options
    const world = await loadDecisionWorld({ config: loaded.compiled, dataDir, clock, at: clock.wall() })
    return new Certifier(options, await openPrices({ dataDir, shared: loaded.compiled.state.shared, clock }), world)
  }

  /** What a mode may come to at a target. */
  estimate(target: string, mode: CertificationMode): ProbeEstimate {
    const { provider, model } = partsOf(target)
    const quote = this.prices.priceOf(
      { providerId: provider, host: this.hosts.get(provider) ?? '', model },
      this.options.clock.wall(),
    )
    return estimateCost(probesOf(mode), quote?.price)
  }

  /** Asks a target what the mode asks. Throws `subject_not_found` and `config_invalid` for one that cannot be called by this configuration. */
  async certify(
    target: string,
    mode: CertificationMode,
    progress?: (done: number, probe: Probe) => void,
  ): Promise<CertifiedTarget> {
    const { loaded, dataDir, makeProvider, clock, version } = this.options
    const { provider, model } = partsOf(target)
    const { compiled } = loaded
    const upstream = openUpstream(loaded, provider, makeProvider)
    const party = { provider, model, account: upstream.account.id, host: this.hosts.get(provider) ?? '' }
    const ledger = new ProbeLedger({ party, prices: this.prices, clock, place: ledgerPlace(loaded, dataDir) })
    const certification = await certifyTarget({
      upstream,
      model,
      mode,
      capabilities: this.factsOf(targetOf(compiled, provider, model)).capabilities,
      facts: knownFacts(compiled, provider)(model),
      clock,
      version,
      progress,
      called: ledger.note,
    })
    keepCertifications(dataDir, [certification])
    return { certification, nanoDollars: ledger.nanoDollars, inLedger: await ledger.keep() }
  }

  /** Every target that the configuration names and that has an account with a key, and those that have none. */
  targets(): { readonly usable: readonly string[]; readonly skipped: readonly string[] } {
    const { providers, routing } = this.options.loaded.compiled
    const keyed = new Set(providers.filter(({ accounts }) => accounts.length > 0).map(({ id }): string => id))
    const all = routing.targets.map(({ id, provider }) => ({ id: id as string, isUsable: keyed.has(provider) }))
    return {
      usable: all.filter(({ isUsable }) => isUsable).map(({ id }) => id),
      skipped: all.filter(({ isUsable }) => !isUsable).map(({ id }) => id),
    }
  }
}

/** Throws `config_invalid` for what is no target. */
function partsOf(target: string): { readonly provider: string; readonly model: string } {
  const slash = target.indexOf('/')
  if (slash > 0 && slash < target.length - 1) return { provider: target.slice(0, slash), model: target.slice(slash + 1) }
  throw new GatewayError('config_invalid', 'A target is written as provider/model, such as openai/gpt-4.1-mini.')
}

/** Where gateways of this configuration keep what calls cost; undefined when they do not, or in memory. */
function ledgerPlace({ compiled: { state } }: LoadedConfig, dataDir: string): LedgerPlace | undefined {
  const { shared, store, ledger } = state
  if (!ledger.enabled || store === 'memory') return undefined
  if (shared !== undefined) return { kind: 'shared', postgres: shared.postgres }
  return { kind: 'file', path: store ?? join(dataDir, STATE_FILE) }
}
