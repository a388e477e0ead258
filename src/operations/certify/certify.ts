import type { PriceBook } from '../../catalog/prices/price-book.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { loadDecisionWorld } from '../decision-world.ts'
import { knownFacts, targetOf } from '../provider/known-facts.ts'
import { type MakeProvider, openUpstream } from '../provider/open-upstream.ts'
import { openPrices } from '../usage/open-prices.ts'
import type { Certification } from '../../state/certifications/certification.ts'
import { openCertificationsForCommand } from '../../state/certifications/open-for-command.ts'
import { certificationPlace } from './held-certifications.ts'
import { type CertificationMode, certifyTarget, type CertifyOptions, probesOf } from './certify-target.ts'
import { estimateCost, type ProbeEstimate } from './estimate-cost.ts'
import { keepCertification } from './keep-certification.ts'
import { openProbeBudgets, openProbeLedger } from './open-probe-ledger.ts'

export interface CertifierOptions {
  readonly loaded: LoadedConfig
  readonly dataDir: string
  readonly makeProvider: MakeProvider
  readonly clock: Clock
  /** Of this program. */
  readonly version: string
  /** Told what could not be accounted for. */
  readonly warn: (message: string) => void
}

/** What came of certifying a target, and what that cost. */
export interface CertifiedTarget {
  readonly certification: Certification
  /** What is known of the target from now on. */
  readonly kept: Certification
  /** 1e-9 USD; undefined when it is not known. */
  readonly nanoDollars: number | undefined
  /** Whether the calls stand in the ledger. */
  readonly inLedger: boolean
}

/** Certifies targets of a configuration, one after the other, and keeps what came of it where its gateways find it. */
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

  /** Throws when the operator's own prices are no good, and `state_unavailable` when nothing could be kept: then nothing has been spent. */
  static async open(options: CertifierOptions): Promise<Certifier> {
    const { loaded, dataDir, clock } = options
    await withCertifications(options, (store) => store.list())
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

  /**
   * Asks a target what the mode asks. Throws `subject_not_found` and `config_invalid` for one that cannot be called by this configuration,
   * `budget_exceeded` for one that nothing may be spent at, and the reason of the signal: then nothing is kept but what was spent.
   */
  async certify(
    target: string,
    mode: CertificationMode,
    { progress, signal }: Pick<CertifyOptions, 'progress' | 'signal'> = {},
  ): Promise<CertifiedTarget> {
    const { loaded, makeProvider, clock, version } = this.options
    const { provider, model } = partsOf(target)
    const { compiled } = loaded
    const upstream = openUpstream(loaded, provider, makeProvider)
    await openProbeBudgets(this.options, upstream).requireRoom()
    const ledger = openProbeLedger(this.options, upstream, { model, prices: this.prices })
    let inLedger: boolean
    let certification: Certification
    try {
      certification = await certifyTarget({
        upstream,
        model,
        mode,
        capabilities: this.factsOf(targetOf(compiled, provider, model)).capabilities,
        facts: knownFacts(compiled, provider)(model),
        clock,
        version,
        endpoint: compiled.routing.providers.get(upstream.provider.id)?.endpoint,
        progress,
        signal,
        called: ledger.note,
      })
    } finally {
      // What was spent is spent, whatever becomes of the result.
      inLedger = await ledger.keep()
    }
    const kept = await withCertifications(this.options, (store) => keepCertification(store, certification))
    return { certification, kept, nanoDollars: ledger.nanoDollars, inLedger }
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

async function withCertifications<Result>(
  { loaded, dataDir, clock }: CertifierOptions,
  use: (store: ReturnType<typeof openCertificationsForCommand>) => Promise<Result>,
): Promise<Result> {
  const store = openCertificationsForCommand(certificationPlace(loaded.compiled, dataDir), clock)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

/** Throws `config_invalid` for what is no target. */
function partsOf(target: string): { readonly provider: string; readonly model: string } {
  const slash = target.indexOf('/')
  if (slash > 0 && slash < target.length - 1) return { provider: target.slice(0, slash), model: target.slice(slash + 1) }
  throw new GatewayError('config_invalid', 'A target is written as provider/model, such as openai/gpt-4.1-mini.')
}
