import { isFirstAttempt, type LateSettlement, type LedgerEntry, type Settlement } from '../../ir/settlement.ts'
import { assertNever } from '../../lib/assert-never.ts'

/**
 * What reports add up, in the order of the columns. `requests` counts first attempts, `unknown_cost` attempts whose cost is not known,
 * `incomplete` those cut off before their usage was told in full. The cost of a group is `settled_nanos` + `adjusted_nanos`.
 */
export const MEASURES = [
  'requests',
  'attempts',
  'succeeded',
  'failed',
  'cancelled',
  'lost',
  'unknown_cost',
  'incomplete',
  'adjustments',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_5m_tokens',
  'cache_write_1h_tokens',
  'reasoning_tokens',
  'tool_prompt_tokens',
  'input_audio_tokens',
  'input_image_tokens',
  'input_video_tokens',
  'output_audio_tokens',
  'output_image_tokens',
  'output_video_tokens',
  'hosted_tool_calls',
  'latency_ms',
  'settled_nanos',
  'adjusted_nanos',
  'provider_nanos',
  'saved_nanos',
] as const

export type MeasureName = (typeof MEASURES)[number]
/** Sums by name. Nano-dollars of a large team outgrow a safe integer, so all of them are big. */
export type Measures = Readonly<Record<MeasureName, bigint>>
type Counts = Partial<Record<MeasureName, number>>

/** What an entry adds to the sums of its group, in the order of `MEASURES`. */
export function measuresOf(entry: LedgerEntry): number[] {
  const counts = countsOf(entry)
  return MEASURES.map((name) => counts[name] ?? 0)
}

export const noMeasures = (): bigint[] => MEASURES.map(() => 0n)

/** Adds the counts of an entry, or the sums of others, to sums in the order of `MEASURES`. */
export function addMeasures(sums: bigint[], counts: readonly (number | bigint)[]): void {
  for (let index = 0; index < sums.length; index++) sums[index]! += BigInt(counts[index] ?? 0)
}

/** Sums with their names. */
export const namedMeasures = (values: readonly bigint[]): Measures =>
  Object.fromEntries(MEASURES.map((name, index) => [name, values[index] ?? 0n])) as Measures

function countsOf(entry: LedgerEntry): Counts {
  switch (entry.kind) {
    case 'settlement':
      return { ...settled(entry), attempts: 1, requests: isFirstAttempt(entry) ? 1 : 0 }
    case 'late':
      return { ...settled(entry), lost: -1 }
    case 'lost':
      return { attempts: 1, requests: isFirstAttempt(entry) ? 1 : 0, lost: 1 }
    case 'adjustment':
      return {
        adjustments: 1,
        adjusted_nanos: entry.nanos,
        saved_nanos: entry.saved_nanos,
        unknown_cost: entry.was_unknown ? -1 : 0,
      }
    default:
      return assertNever(entry)
  }
}

function settled(entry: Settlement | LateSettlement): Counts {
  const { usage = {}, outcome } = entry
  const write1h = usage.cacheWrite1hTokens ?? 0
  const { inputByModality: input, outputByModality: output } = usage
  return {
    succeeded: outcome === 'success' ? 1 : 0,
    failed: outcome === 'failed' ? 1 : 0,
    cancelled: outcome === 'cancelled' ? 1 : 0,
    unknown_cost: entry.nanos === undefined ? 1 : 0,
    incomplete: entry.complete ? 0 : 1,
    input_tokens: whole(usage.inputTokens),
    output_tokens: whole(usage.outputTokens),
    cache_read_tokens: whole(usage.cacheReadTokens),
    // Writes whose lifetime is not told count, and cost, as five-minute ones.
    cache_write_5m_tokens: whole(Math.max(usage.cacheWrite5mTokens ?? 0, (usage.cacheWriteTokens ?? 0) - write1h)),
    cache_write_1h_tokens: whole(write1h),
    reasoning_tokens: whole(usage.reasoningTokens),
    tool_prompt_tokens: whole(usage.toolPromptTokens),
    input_audio_tokens: whole(input?.audio),
    input_image_tokens: whole(input?.image),
    input_video_tokens: whole(input?.video),
    output_audio_tokens: whole(output?.audio),
    output_image_tokens: whole(output?.image),
    output_video_tokens: whole(output?.video),
    hosted_tool_calls: Object.values(usage.hostedToolCalls ?? {}).reduce((sum, calls) => sum + whole(calls), 0),
    latency_ms: Math.round(entry.latency_ms),
    settled_nanos: entry.nanos ?? 0,
    provider_nanos: entry.provider_nanos ?? 0,
    saved_nanos: entry.saved_nanos ?? 0,
  }
}

/** Counts come from upstreams: what is no count must not spoil a sum. */
const whole = (count: number | undefined): number => (Number.isSafeInteger(count) && Number(count) > 0 ? Number(count) : 0)
