import { ENGINE_VERSION } from '../engine/version.ts'
import type { RouteDecision } from '../ir/decision.ts'
import type { ProviderId } from '../ir/ids.ts'
import type { RequestRecord } from '../ir/record.ts'
import type { FactsOf, RoutingSnapshot } from '../ir/snapshot.ts'
import { recomputeDecision, type Recomputed } from '../routing/recompute.ts'
import { nobodyLeft } from '../routing/nobody-left.ts'
import { fieldDifferences, type FieldDifference } from './field-differences.ts'
import { rebaseFacts } from './rebase-facts.ts'
import { providersWithoutAccount, withStandInAccounts } from './stand-in-accounts.ts'

/** What came of making a recorded decision again. */
export interface ReplayedDecision {
  /** `identical` in every field, `same` in meaning; `undetermined` when something it needs was not recorded. */
  readonly verdict: 'identical' | 'same' | 'different' | 'undetermined'
  /** `exact` compares every field, `meaning` who serves, who is ruled out and by which rule. */
  readonly compared: 'exact' | 'meaning'
  /** The configuration is another one than when the request was served. */
  readonly config_changed: boolean
  readonly engine_version: { readonly was: string; readonly now: string }
  readonly differences: readonly FieldDifference[]
  /** What was needed and not recorded. */
  readonly undetermined: readonly string[]
  /** Code of the refusal the request would now get. */
  readonly refusal?: string | undefined
  /** The decision of now, what is not known taken as untroubled; undefined when the request would be refused before it came to one. */
  readonly decision?: RouteDecision | undefined
}

export interface ReplayerOptions {
  /** Of the configuration to decide by. */
  readonly snapshot: RoutingSnapshot
  /** Facts of that configuration's targets. */
  readonly factsOf: FactsOf
  /** The version that decides now. */
  readonly engineVersion?: string | undefined
}

/** Makes recorded decisions again, by one configuration. Pure. */
export class Replayer {
  private readonly options: ReplayerOptions
  private readonly bare: readonly ProviderId[]
  private readonly completed = new Map<string, RoutingSnapshot>()

  constructor(options: ReplayerOptions) {
    this.options = options
    this.bare = providersWithoutAccount(options.snapshot)
  }

  /** The same decision again, from what was recorded. Another engine version is compared by meaning. */
  again(record: RequestRecord): ReplayedDecision {
    const exact = record.engine_version === (this.options.engineVersion ?? ENGINE_VERSION)
    const made = recomputeDecision(record.decision, this.snapshotFor(record), { factsOf: this.options.factsOf })
    return this.compared(record, made, exact)
  }

  /** The decision that the configuration would have made, with the facts it gives its targets. Compared by meaning. */
  against(record: RequestRecord): ReplayedDecision {
    const { factsOf } = this.options
    const made = recomputeDecision(rebaseFacts(record.decision, factsOf), this.snapshotFor(record), { factsOf })
    return this.compared(record, made, false)
  }

  private compared(record: RequestRecord, made: Recomputed, exact: boolean): ReplayedDecision {
    const was = record.decision
    const now = made.verdict === 'identical' ? was : plain(made.decision)
    const refusal = refusalOf(made, now, record)
    const undetermined = [...(made.verdict === 'undetermined' ? made.inputs : []), ...turnsNotKept(was, now)]
    const differences = exact && now !== undefined ? fieldDifferences(was, now) : meaningDifferences(was, now)
    return {
      verdict: undetermined.length > 0 ? 'undetermined' : differences.length > 0 ? 'different' : exact ? 'identical' : 'same',
      compared: exact ? 'exact' : 'meaning',
      config_changed: record.config_hash !== this.options.snapshot.configHash,
      engine_version: { was: record.engine_version, now: this.options.engineVersion ?? ENGINE_VERSION },
      differences,
      undetermined,
      ...(refusal === undefined ? {} : { refusal }),
      ...(now === undefined ? {} : { decision: now }),
    }
  }

  /** With accounts where the gateway had some at the time and the keys are not set here. */
  private snapshotFor({ decision }: RequestRecord): RoutingSnapshot {
    const { snapshot } = this.options
    if (this.bare.length === 0) return snapshot
    const without = new Set(
      (decision.candidates ?? []).filter(({ observed }) => observed['accounts_total'] === 0).map(({ provider }) => provider),
    )
    const ids = this.bare.filter((id) => !without.has(id))
    const key = ids.join('\n')
    let completed = this.completed.get(key)
    if (completed === undefined) this.completed.set(key, (completed = withStandInAccounts(snapshot, ids)))
    return completed
  }
}

/** As a record would hold it: without members that are undefined. */
const plain = (decision: RouteDecision | undefined): RouteDecision | undefined =>
  decision === undefined ? undefined : (JSON.parse(JSON.stringify(decision)) as RouteDecision)

function refusalOf(made: Recomputed, now: RouteDecision | undefined, record: RequestRecord): string | undefined {
  if (made.verdict === 'different' && made.refusal !== undefined) return made.refusal
  if (now?.selected !== null) return undefined
  const code = nobodyLeft(now.rejected)
  return made.verdict === 'identical' ? (record.error_code ?? code) : code
}

/** Whose turn it is was recorded only where somebody took turns. */
function turnsNotKept(was: RouteDecision, now: RouteDecision | undefined): string[] {
  const takesTurns = now?.strategy === 'round_robin' && now.scores.length > 1
  return takesTurns && (was.cursor === undefined || was.route !== now.route) ? [`whose turn it was on route ${now.route}`] : []
}

function meaningDifferences(was: RouteDecision, now: RouteDecision | undefined): FieldDifference[] {
  if (now === undefined) return was.selected === null ? [] : [{ field: 'selected', was: was.selected.target_id, now: null }]
  return fieldDifferences(meaning(was), meaning(now))
}

/** What a decision means for a request, whatever words and figures stand behind it. */
const meaning = (decision: RouteDecision): object => ({
  selected: decision.selected?.target_id ?? null,
  fallbacks: decision.fallbacks.map(({ target_id }) => target_id).join(', '),
  route: decision.route,
  strategy: decision.strategy,
  rejected: Object.fromEntries(decision.rejected.map(({ target_id, code }) => [target_id, code])),
  unverified: decision.unverified,
  no_fallback: decision.no_fallback,
  deadline_ms: decision.deadline_ms,
})
