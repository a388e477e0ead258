import { createHash } from 'node:crypto'
import type { AccountPool } from '../../credentials/account-pool.ts'
import type { Target } from '../../ir/target.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import type { Clock } from '../../lib/clock.ts'
import { within } from '../../lib/within.ts'
import { chooseFormat, PROBED_FORMATS } from '../../providers/format-probe.ts'
import type { Provider } from '../../providers/provider.types.ts'
import type { FormatStore } from '../../state/formats/store.ts'
import { PROBE_MS, probeUpstream, type ProbeOptions } from './probe-upstream.ts'

export interface FormatFinderOptions extends ProbeOptions {
  readonly clock: Pick<Clock, 'now' | 'wall' | 'sleep'>
  readonly accounts: Pick<AccountPool, 'candidates'>
  readonly providerOf: (target: Target) => Provider | undefined
  /** Without it everything is found out again after a start. */
  readonly store?: FormatStore | undefined
}

/** How long what was found out holds. Calls that are served prolong it. */
const KNOWN_MS = 24 * 3_600_000
/** Calls prolong it no more often, so that the file is not written all the time. */
const PROLONG_MS = 3_600_000
/** An upstream is not probed for the same model more often than this. */
const PROBE_PAUSE_MS = 60_000
/** Model names come from clients: only so many are found out about. */
const MOST_KNOWN = 512

const NEVER = Number.NEGATIVE_INFINITY

interface Known {
  readonly spoken: Set<WireFormat>
  /** Unix milliseconds, or `NEVER` when it has to be found out. */
  at: number
  /** `clock.now()` of the last probe. */
  probedAt: number
  probing: Promise<void> | undefined
}

/** Finds out what upstreams of `format: auto` speak: by probes at first, corrected by what calls meet. */
export class FormatFinder {
  private readonly options: FormatFinderOptions
  private known: Map<string, Known> | undefined = undefined

  constructor(options: FormatFinderOptions) {
    this.options = options
  }

  /** The format to speak to the target for a client of this format, by what is known now. Calls nobody. */
  formatOf(target: Target, client: WireFormat): WireFormat {
    return chooseFormat(this.find(target)?.spoken, client)
  }

  /**
   * Begins to find out what is not known of these targets. Resolves when it is known of the first, after three seconds at the latest;
   * undefined when it is known already, or cannot be found out now.
   */
  prepare(targets: readonly Target[]): Promise<void> | undefined {
    for (const target of targets) {
      const known = this.find(target)
      if (known !== undefined && this.isStale(known)) this.probe(target, known)
    }
    const [first] = targets
    const known = first === undefined ? undefined : this.find(first)
    if (known?.probing === undefined || known.spoken.size > 0) return undefined
    return within(known.probing, { clock: this.options.clock, ms: PROBE_MS, late: () => undefined })
  }

  /** A call met this status. An address that is not there is not spoken to again before it was looked for once more. */
  heard(target: Target, status: number): void {
    const known = this.find(target)
    if (known === undefined) return
    if (status === 404 || status === 405) {
      if (known.spoken.size > 1) known.spoken.delete(target.format)
      known.at = NEVER
      this.probe(target, known)
    } else if (status < 300 && this.options.clock.wall() - known.at > PROLONG_MS) {
      known.spoken.add(target.format)
      known.at = this.options.clock.wall()
      this.keep()
    }
  }

  private isStale({ at }: Known): boolean {
    return this.options.clock.wall() - at > KNOWN_MS
  }

  /** Undefined for targets whose format is not to be found out. */
  private find(target: Target): Known | undefined {
    const provider = this.options.providerOf(target)
    if (provider?.speaking === undefined) return undefined
    const all = (this.known ??= this.restored())
    const key = keyOf(provider.settings.baseUrl, target.model)
    const known = all.get(key)
    if (known !== undefined) return known
    if (all.size >= MOST_KNOWN) return undefined
    const fresh: Known = { spoken: new Set(), at: NEVER, probedAt: NEVER, probing: undefined }
    all.set(key, fresh)
    return fresh
  }

  private restored(): Map<string, Known> {
    const stored = this.options.store?.read().slice(0, MOST_KNOWN) ?? []
    return new Map(
      stored.map(({ key, spoken, at }) => [key, { spoken: new Set(spoken), at, probedAt: NEVER, probing: undefined }]),
    )
  }

  private probe(target: Target, known: Known): void {
    const now = this.options.clock.now()
    if (known.probing !== undefined || now - known.probedAt < PROBE_PAUSE_MS) return
    known.probedAt = now
    known.probing = this.findOut(target, known).finally(() => (known.probing = undefined))
  }

  private async findOut(target: Target, known: Known): Promise<void> {
    const { accounts, providerOf, clock, ownCalls } = this.options
    const provider = providerOf(target)
    const account = provider === undefined ? undefined : accounts.candidates(provider.id, target.model)[0]
    if (provider?.speaking === undefined || account === undefined) return
    // Where nothing may be spent, or nobody can tell, what was known stays.
    if ((await ownCalls.refusal({ target, account }).catch(() => true)) !== undefined) return
    const { speaking } = provider
    const verdicts = await Promise.all(
      PROBED_FORMATS.map((format) => probeUpstream(format, { provider: speaking(format), target, account }, this.options)),
    )
    // Nothing was learnt: what was known stays.
    if (!verdicts.includes('speaks')) return
    for (const [index, format] of PROBED_FORMATS.entries()) {
      if (verdicts[index] === 'speaks') known.spoken.add(format)
      if (verdicts[index] === 'does-not') known.spoken.delete(format)
    }
    known.at = clock.wall()
    this.keep()
  }

  private keep(): void {
    const resolved = [...(this.known ?? [])].filter(([, { spoken }]) => spoken.size > 0)
    this.options.store?.replace(resolved.map(([key, { spoken, at }]) => ({ key, spoken: [...spoken], at })))
  }
}

const keyOf = (baseUrl: string, model: string): string =>
  createHash('sha256').update(`${baseUrl}\n${model}`).digest('hex').slice(0, 32)
