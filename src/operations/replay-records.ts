import { costOf } from '../catalog/prices/cost-of.ts'
import type { PriceBook } from '../catalog/prices/price-book.ts'
import type { RouteDecision } from '../ir/decision.ts'
import type { RequestRecord } from '../ir/record.ts'
import { nobodyLeft } from '../routing/nobody-left.ts'
import type { ReplayedDecision, Replayer } from './replay-decision.ts'

/** Requests whose decision changes in the same way for the same reason. */
export interface ReplayGroup {
  readonly from: string
  readonly to: string
  readonly reason: string
  /** False where a target was not observed at the time and is taken to be well. */
  readonly certain: boolean
  count: number
  /** Id of one of them. */
  readonly example: string
  /** By recorded usage at both targets' prices, in nano-dollars, over those where both are known. */
  readonly cost: { known: number; unknown: number; delta_nanos: number }
  /** By the averages that were recorded with the decision, where both targets had one. */
  readonly latency: { known: number; unknown: number; delta_ms: number }
}

export interface ReplayReport {
  requests: number
  same: number
  changed: number
  /** Would be refused and were not. */
  failing: number
  undetermined: number
  /** Never read, so that nothing was decided. */
  skipped: number
  /** Largest first. */
  groups: readonly ReplayGroup[]
  not_kept: readonly { readonly input: string; readonly count: number }[]
}

export interface ReplayRecordsOptions {
  readonly replayer: Replayer
  readonly prices: PriceBook
  readonly hosts: ReadonlyMap<string, string>
}

/** Decides every record again by another configuration and sums up what changes. Holds one record at a time. */
export async function replayRecords(records: AsyncIterable<RequestRecord>, options: ReplayRecordsOptions): Promise<ReplayReport> {
  const groups = new Map<string, ReplayGroup>()
  const notKept = new Map<string, number>()
  const report = { requests: 0, same: 0, changed: 0, failing: 0, undetermined: 0, skipped: 0 }
  for await (const record of records) {
    report.requests++
    const replayed = options.replayer.against(record)
    if (replayed.decision === undefined && replayed.undetermined.length > 0 && record.requested_model === '') {
      report.skipped++
      continue
    }
    for (const input of replayed.undetermined) notKept.set(input, (notKept.get(input) ?? 0) + 1)
    const isChanged = orderOf(record.decision) !== orderOf(replayed.decision)
    if (replayed.verdict === 'undetermined') report.undetermined++
    else if (!isChanged) report.same++
    else if (record.decision.selected !== null && firstOf(replayed.decision) === undefined) report.failing++
    else report.changed++
    if (isChanged && (replayed.decision !== undefined || replayed.refusal !== undefined)) count(record, replayed, groups, options)
  }
  return {
    ...report,
    groups: [...groups.values()].sort((left, right) => right.count - left.count),
    not_kept: [...notKept].map(([input, times]) => ({ input, count: times })).sort((left, right) => right.count - left.count),
  }
}

const firstOf = (decision: RouteDecision | undefined): string | undefined => decision?.selected?.target_id

const orderOf = (decision: RouteDecision | undefined): string =>
  [firstOf(decision) ?? '', ...(decision?.fallbacks ?? []).map(({ target_id: id }) => id)].join('\n')

function count(
  record: RequestRecord,
  replayed: ReplayedDecision,
  groups: Map<string, ReplayGroup>,
  options: ReplayRecordsOptions,
): void {
  const from = firstOf(record.decision) ?? 'refused'
  const to = firstOf(replayed.decision) ?? 'refused'
  const reason = reasonOf(record.decision, replayed)
  const certain = replayed.verdict !== 'undetermined'
  const key = JSON.stringify([from, to, reason, certain])
  let group = groups.get(key)
  if (group === undefined) {
    const cost = { known: 0, unknown: 0, delta_nanos: 0 }
    const latency = { known: 0, unknown: 0, delta_ms: 0 }
    groups.set(key, (group = { from, to, reason, certain, count: 0, example: record.request_id, cost, latency }))
  }
  group.count++
  if (from === to || to === 'refused' || from === 'refused') return
  const [before, after] = [nanosAt(from, record, options), nanosAt(to, record, options)]
  if (before === undefined || after === undefined) group.cost.unknown++
  else {
    group.cost.known++
    group.cost.delta_nanos += after - before
  }
  const [slow, fast] = [latencyAt(from, record), latencyAt(to, record)]
  if (slow === undefined || fast === undefined) group.latency.unknown++
  else {
    group.latency.known++
    group.latency.delta_ms += fast - slow
  }
}

/** Why the first choice is another one. */
function reasonOf(was: RouteDecision, { decision, refusal }: ReplayedDecision): string {
  const from = firstOf(was)
  const to = firstOf(decision)
  const ruledOut = decision?.rejected.find(({ target_id: id }) => id === from)
  if (ruledOut !== undefined) return `the first choice is ruled out: ${ruledOut.code}`
  if (to === undefined) return refusal ?? nobodyLeft(decision?.rejected ?? [])
  if (from === to) return 'the first choice stays, the fallbacks differ'
  if (decision?.candidates?.some(({ target_id: id }) => id === from) === false) return 'the first choice is no candidate any more'
  const admitted = was.rejected.find(({ target_id: id }) => id === to)
  if (admitted !== undefined) return `no longer ruled out: ${admitted.code}`
  if (was.candidates?.some(({ target_id: id }) => id === to) === false) return 'a new candidate goes first'
  return was.strategy === decision?.strategy ? 'the order differs' : `strategy ${was.strategy} became ${decision?.strategy}`
}

function nanosAt(
  id: string,
  { usage, started_at: at }: RequestRecord,
  { prices, hosts }: ReplayRecordsOptions,
): number | undefined {
  if (usage === undefined) return undefined
  const slash = id.indexOf('/')
  const providerId = id.slice(0, slash)
  const quote = prices.priceOf({ providerId, host: hosts.get(providerId) ?? '', model: id.slice(slash + 1) }, at)
  return quote === undefined ? undefined : costOf(usage, quote.price)?.nanoDollars
}

function latencyAt(id: string, { decision, streamed }: RequestRecord): number | undefined {
  const observed = decision.candidates?.find(({ target_id: target }) => target === id)?.observed
  const value = observed?.[streamed ? 'ttft_ms' : 'total_ms']
  return typeof value === 'number' ? value : undefined
}

/** What makes a replay fail; each includes the ones before it. */
export type FailOn = 'none' | 'failing' | 'changed' | 'undetermined'

/** Whether a replay is to be told as a failure. */
export const replayFails = ({ failing, changed, undetermined }: ReplayReport, failOn: FailOn): boolean =>
  (failOn !== 'none' && failing > 0) ||
  ((failOn === 'changed' || failOn === 'undetermined') && changed > 0) ||
  (failOn === 'undetermined' && undetermined > 0)
