import type { AttemptRecord, RequestRecord, SkippedTarget } from '../ir/record.ts'
import { nanoToUsd } from '../catalog/prices/usd.ts'
import type { RequestCost } from './usage/request-cost.ts'
import { tellCost } from './usage/tell-cost.ts'
import { errorPhrase } from './error-phrases.ts'
import { countWords, durationWords, listWords, plural, safeText } from './story-words.ts'
import { candidateSentences, tellingReasons, wishSentences } from './tell-candidates.ts'

/** One step of what happened. */
export interface StoryStep {
  /** Milliseconds after the request arrived; undefined belongs to the step before. */
  readonly at_ms?: number | undefined
  readonly text: string
}

/** What happened to one request, in sentences. */
export interface Story {
  /** The outcome in one sentence. */
  readonly verdict: string
  /** Which request it was. */
  readonly subject: string
  readonly steps: readonly StoryStep[]
}

/** What a call cost. */
export interface StoryCost {
  /** 1e-9 USD; undefined when it cannot be known. */
  readonly nanoDollars: number | undefined
  /** Where the price comes from; undefined when there is none. */
  readonly source: string | undefined
  /** What the ledger says, which goes before what is calculated anew. */
  readonly ledger?: RequestCost | undefined
}

/** Tells the story of a record, with what it cost where that was looked up. Pure; names that clients chose are made fit for a terminal. */
export function tellStory(record: RequestRecord, cost?: StoryCost): Story {
  const steps = [
    ...arrival(record),
    ...decision(record),
    ...skipped(record),
    ...attempts(record),
    ...translation(record),
    ...ending(record),
    ...money(record, cost),
  ]
  return { verdict: verdict(record), subject: subject(record), steps }
}

function verdict(record: RequestRecord): string {
  const total = durationWords(record.timings.total_ms)
  const served = record.served === undefined ? undefined : safeText(record.served)
  const failures = record.attempts.filter((attempt) => attempt.outcome === 'failed')
  if (record.status === 499) {
    const by = served === undefined ? 'before anyone answered' : `while ${served} was answering`
    return `The client went away after ${total}, ${by}.`
  }
  if (record.error_code !== undefined || record.status >= 400) return failureVerdict(record, total)
  if (served === undefined) return `Answered with ${record.status} in ${total}, without calling anyone.`
  const slower = record.attempts.filter((attempt) => attempt.cancelled_because === 'hedge')
  if (slower.length > 0)
    return `Served by ${served}, which answered before ${listWords(slower.map((attempt) => safeText(attempt.target_id)))}: ${record.status} in ${total}.`
  if (failures.length === 0) return `Served by ${served} at the first attempt: ${record.status} in ${total}.`
  return `Served by ${served} after ${plural(failures.length, 'failed attempt')} (${causes(failures)}): ${record.status} in ${total}.`
}

function failureVerdict(record: RequestRecord, total: string): string {
  const code = record.error_code
  const why = code === undefined ? '' : `: ${errorPhrase(code)} (${safeText(code)})`
  const tried = record.attempts.length
  if (tried === 0) return `Refused with ${record.status} before anyone was called${why}.`
  const after = `after ${plural(tried, 'attempt')}`
  if (record.attempts.some((attempt) => attempt.outcome === 'success'))
    return `Failed while it was being answered, ${after} and ${total}${why}.`
  return `Failed with ${record.status} ${after} in ${total}${why}.`
}

/** Who failed and why, once each. */
function causes(failures: readonly AttemptRecord[]): string {
  const seen = new Set(
    failures.map(
      (attempt) =>
        `${safeText(attempt.target_id)}: ${attempt.error_code === undefined ? 'unknown' : errorPhrase(attempt.error_code)}`,
    ),
  )
  return [...seen].join('; ')
}

const CALL_WORDS: Readonly<Partial<Record<RequestRecord['operation'], string>>> = {
  generate: 'call',
  'count-tokens': 'token count',
  passthrough: 'call passed through',
}

function subject(record: RequestRecord): string {
  const parts = [
    record.request_id,
    new Date(record.started_at).toISOString(),
    `${CALL_WORDS[record.operation] ?? `call for ${record.operation}`} in the ${record.client_format} format`,
    record.streamed ? 'streamed' : 'not streamed',
    `model "${safeText(record.requested_model)}"`,
  ]
  if (record.session_id !== undefined) parts.push(`session ${safeText(record.session_id)}`)
  if (record.tenant !== undefined) parts.push(`tenant ${safeText(record.tenant)}`)
  if (record.api_key_id !== undefined) parts.push(`key ${safeText(record.api_key_id)}`)
  return `${parts.join(' · ')} · configuration revision ${record.revision}`
}

function arrival(record: RequestRecord): StoryStep[] {
  const estimated = record.decision.inputs.estimated_input_tokens
  const size = `${countWords(record.request_bytes)} bytes, about ${plural(estimated, 'token')}`
  const steps: StoryStep[] = [{ at_ms: 0, text: `The request arrived (${size}).` }]
  if (record.client_retry !== undefined)
    steps.push({ text: `  The client's SDK had sent it before: this was its retry number ${record.client_retry}.` })
  return steps
}

function decision(record: RequestRecord): StoryStep[] {
  const { decision: made } = record
  const order = [made.selected, ...made.fallbacks].flatMap((target) => (target === null ? [] : [safeText(target.target_id)]))
  const steps: StoryStep[] = []
  if (made.strategy === 'replayed') steps.push({ text: 'The same call was answered before: it got that answer again.' })
  else if (made.strategy === 'denied') steps.push({ text: 'No route was found for it.' })
  else if (order.length === 0) steps.push({ text: `Route "${safeText(made.route)}" (${made.strategy}) had no candidate left.` })
  else
    steps.push({
      text: `Route "${safeText(made.route)}" (${made.strategy}) put ${plural(order.length, 'candidate')} in order: ${order.join(', ')}.`,
    })
  const told = [...wishSentences(made), ...tellingReasons(made).map((line) => `Why: ${line}`), ...candidateSentences(made)]
  for (const text of told) steps.push({ text: `  ${text}` })
  if (made.no_fallback === true) steps.push({ text: '  Only the first choice was to serve.' })
  if (made.deadline_ms !== undefined)
    steps.push({ text: `  Nothing was to begin later than ${durationWords(made.deadline_ms)} after the arrival.` })
  for (const rejection of made.rejected) {
    steps.push({ text: `  Ruled out ${safeText(rejection.target_id)}: ${safeText(rejection.reason)} (${rejection.code}).` })
  }
  if (made.unverified) steps.push({ text: '  Nobody checked that the model exists: the default provider takes any name.' })
  return steps
}

function skipped(record: RequestRecord): StoryStep[] {
  return (record.skipped ?? []).map((target) => ({
    text: `  Passed over ${safeText(target.target_id)}: ${passedOver(target)}.`,
  }))
}

/** What keeps calls from a target itself, whatever its accounts. */
const TARGET_CODES: ReadonlySet<string> = new Set(['circuit_open', 'target_busy', 'target_disabled'])

function passedOver({ error_codes: codes, retry_after_ms: retryAfterMs }: SkippedTarget): string {
  const [code = 'unknown'] = codes
  if (code === 'upstream_context_too_long') return 'an earlier prompt of this session was too long for it'
  const time = retryAfterMs === undefined ? undefined : durationWords(retryAfterMs)
  if (TARGET_CODES.has(code)) return `${errorPhrase(code)} (${code}${time === undefined ? '' : `, for another ${time}`})`
  return `its accounts were out of use after ${listWords(codes)}, the first for ${time === undefined ? 'an unknown time' : `another ${time}`}`
}

function attempts(record: RequestRecord): StoryStep[] {
  return record.attempts.flatMap((attempt, index) => [
    ...waiting(attempt, record.attempts[index - 1] ?? workBefore(record)),
    { at_ms: attempt.started_ms, text: attemptSentence(attempt, record.attempts[index + 1]) },
    ...formatNote(record, attempt),
    ...usageNote(record, attempt),
  ])
}

/** What an attempt used that the client's answer does not show, or that nobody knows. */
function usageNote({ served, usage: answered }: RequestRecord, attempt: AttemptRecord): StoryStep[] {
  const { usage, usage_known: known } = attempt
  if (known === undefined || known === 'unused') return []
  if (known === 'unknown') {
    const why = attempt.outcome === 'success' ? 'its answer does not tell' : 'it ended before its upstream told'
    return [{ text: `  What it used is not known: ${why}.` }]
  }
  const isAnswer = attempt.outcome === 'success' && attempt.target_id === served && answered !== undefined
  if (usage === undefined || (isAnswer && known === 'whole')) return []
  return [{ text: `  ${usageSentence(usage)}${KNOWN_WORDS[known]}` }]
}

const KNOWN_WORDS = {
  whole: '',
  partial: ' That is what it had told when it ended.',
  estimated: ' Its upstream did not tell all of that: it is an estimate from what went by.',
} as const

/** A pause shorter than this is the gateway's own work. */
const SHORTEST_PAUSE_MS = 20

type Ended = Pick<AttemptRecord, 'started_ms' | 'latency_ms'>

/** What the first attempt came after: waiting is no work of the gateway. */
const workBefore = ({ timings }: RequestRecord): Ended => ({ started_ms: 0, latency_ms: timings.overhead_us / 1000 })

function waiting(attempt: AttemptRecord, before: Ended): StoryStep[] {
  const ended = before.started_ms + before.latency_ms
  const pause = attempt.started_ms - ended
  return pause < SHORTEST_PAUSE_MS ? [] : [{ at_ms: ended, text: `Waited ${durationWords(pause)}.` }]
}

const NEXT_WORDS = {
  retry: 'it was tried again',
  'next-account': 'the next account was taken',
  'next-target': 'the next target was taken',
  stop: 'no other target was asked',
} as const

const CANCEL_WORDS = {
  hedge: 'another answered first',
  client: 'the client went away',
  stopped: 'the key of the caller was ended',
} as const

/** What was meant to follow a failure is only told when it did follow. */
function nextWords(
  { next, target_id: target, account_id: account }: AttemptRecord,
  following: AttemptRecord | undefined,
): string {
  if (next === undefined) return ''
  if (next === 'stop') return ` Then ${NEXT_WORDS.stop}.`
  if (following === undefined) return ' There was nothing left to try.'
  if (following.target_id !== target) return ` Then ${NEXT_WORDS['next-target']}.`
  return ` Then ${NEXT_WORDS[following.account_id === account ? 'retry' : 'next-account']}.`
}

function attemptSentence(attempt: AttemptRecord, following: AttemptRecord | undefined): string {
  const way = attempt.egress === undefined ? '' : ` through egress ${safeText(attempt.egress)}`
  const who = `Called ${safeText(attempt.target_id)} with account ${safeText(attempt.account_id)}${way}`
  const took = durationWords(attempt.latency_ms)
  if (attempt.outcome === 'success') return `${who}: it answered, in ${took}.`
  if (attempt.outcome === 'cancelled') {
    const why = attempt.cancelled_because === undefined ? '' : `, because ${CANCEL_WORDS[attempt.cancelled_because]}`
    return `${who}: cancelled after ${took}${why}.`
  }
  const code = attempt.error_code ?? 'unknown'
  const told = [
    attempt.upstream_status === undefined ? '' : `status ${attempt.upstream_status}`,
    safeText(attempt.upstream_error_type ?? ''),
    code,
  ].filter((word) => word !== '')
  const id = attempt.upstream_request_id === undefined ? '' : ` The provider calls it ${safeText(attempt.upstream_request_id)}.`
  return `${who}: after ${took} ${errorPhrase(code)} (${told.join(', ')}).${nextWords(attempt, following)}${id}`
}

function formatNote(record: RequestRecord, attempt: AttemptRecord): StoryStep[] {
  if (attempt.passthrough) return [{ text: `  The bytes went through as they were (${attempt.format} on both sides).` }]
  if (attempt.format !== record.client_format)
    return [{ text: `  Translated from ${record.client_format} to ${attempt.format}.` }]
  const reasons = attempt.passthrough_refused ?? []
  return reasons.length === 0 ? [] : [{ text: `  Written anew, although the formats match, because of ${listWords(reasons)}.` }]
}

const SEVERITY_WORDS = { lost: 'Lost', rewritten: 'Rewritten', edited: 'Changed on purpose' } as const

function translation(record: RequestRecord): StoryStep[] {
  return record.diagnostics.map((diagnostic) => {
    const where = diagnostic.path === '' ? '' : ` at ${safeText(diagnostic.path)}`
    return { text: `${SEVERITY_WORDS[diagnostic.severity]}: ${diagnostic.code}${where}. ${safeText(diagnostic.message)}` }
  })
}

function ending(record: RequestRecord): StoryStep[] {
  const { timings } = record
  const steps: StoryStep[] = []
  if (timings.first_token_ms !== undefined)
    steps.push({ at_ms: timings.first_token_ms, text: 'The first part of the answer came.' })
  if (record.committed_early === true) steps.push({ text: '  The status had been sent before, to keep the line open.' })
  const finish = record.finish === undefined ? '' : ` The model stopped with "${safeText(record.finish_raw ?? record.finish)}".`
  steps.push({ at_ms: timings.total_ms, text: `The request ended with status ${record.status}.${finish}` })
  if (record.usage !== undefined) steps.push({ text: usageSentence(record.usage) })
  steps.push({ text: `The gateway itself took ${durationWords(timings.overhead_us / 1000)} before the answer began.` })
  return steps
}

function money({ usage }: RequestRecord, cost: StoryCost | undefined): StoryStep[] {
  const steps: StoryStep[] = []
  if (cost?.ledger !== undefined) steps.push(...tellCost(cost.ledger).map((text) => ({ text })))
  else if (cost?.nanoDollars !== undefined)
    steps.push({ text: `It cost $${nanoToUsd(cost.nanoDollars)} (price: ${cost.source}).` })
  else if (cost !== undefined)
    steps.push({
      text:
        cost.source === undefined
          ? 'What it cost is not known: nobody has a price for this model. "switchback price set" gives it one.'
          : 'What it cost is not known: the usage or a rate for it is missing.',
    })
  if (usage?.providerCostUsd !== undefined) steps.push({ text: `The provider itself reports $${usage.providerCostUsd}.` })
  return steps
}

function usageSentence(usage: NonNullable<RequestRecord['usage']>): string {
  const input = [...share(usage.cacheReadTokens, 'read from cache'), ...share(usage.cacheWriteTokens, 'written to cache')]
  const output = share(usage.reasoningTokens, 'of reasoning')
  return `Used ${tokenWords(usage.inputTokens, 'in', input)} and ${tokenWords(usage.outputTokens, 'out', output)}.`
}

const share = (count: number | undefined, what: string): string[] =>
  count === undefined || count === 0 ? [] : [`${countWords(count)} ${what}`]

function tokenWords(count: number | undefined, direction: string, parts: readonly string[]): string {
  const known = count === undefined ? `an unknown number of tokens ${direction}` : `${plural(count, 'token')} ${direction}`
  return parts.length === 0 ? known : `${known} (${parts.join(', ')})`
}
