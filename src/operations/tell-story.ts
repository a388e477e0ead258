import type { AttemptRecord, RequestRecord } from '../ir/record.ts'
import { nanoToUsd } from '../catalog/prices/usd.ts'
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

function subject(record: RequestRecord): string {
  const parts = [
    record.request_id,
    new Date(record.started_at).toISOString(),
    `${record.operation === 'count-tokens' ? 'token count' : 'call'} in the ${record.client_format} format`,
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
  return [{ at_ms: 0, text: `The request arrived (${size}).` }]
}

function decision(record: RequestRecord): StoryStep[] {
  const { decision: made } = record
  const order = [made.selected, ...made.fallbacks].flatMap((target) => (target === null ? [] : [safeText(target.target_id)]))
  const steps: StoryStep[] = []
  if (made.strategy === 'denied') steps.push({ text: 'No route was found for it.' })
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
  for (const line of made.reason.filter(isTold)) steps.push({ text: `  ${safeText(line)}` })
  if (made.unverified) steps.push({ text: '  Nobody checked that the model exists: the default provider takes any name.' })
  return steps
}

/** Reasons that say more than the sentences around them: set-backs, sessions, hints. The others are told in words. */
const isTold = (line: string): boolean => /^(demoted|outcome\/|affinity:|origin:|hint:|no_fallback=|deadline_ms=)/.test(line)

function skipped(record: RequestRecord): StoryStep[] {
  return (record.skipped ?? []).map(({ target_id, error_codes, retry_after_ms }) => ({
    text: `  Passed over ${safeText(target_id)}: its accounts were out of use after ${listWords(error_codes)}, the first for ${retry_after_ms === undefined ? 'an unknown time' : `another ${durationWords(retry_after_ms)}`}.`,
  }))
}

function attempts(record: RequestRecord): StoryStep[] {
  return record.attempts.flatMap((attempt, index) => [
    ...waiting(attempt, record.attempts[index - 1]),
    { at_ms: attempt.started_ms, text: attemptSentence(attempt, attempt === record.attempts.at(-1)) },
    ...formatNote(record, attempt),
    ...usageNote(record, attempt),
  ])
}

/** What an attempt used that the client's answer does not show, or that nobody knows. */
function usageNote({ served, usage: answered }: RequestRecord, attempt: AttemptRecord): StoryStep[] {
  const { usage, usage_known: known } = attempt
  if (known === undefined || known === 'unused') return []
  if (known === 'unknown') return [{ text: '  What it used is not known: it ended before its upstream told.' }]
  const isAnswer = attempt.outcome === 'success' && attempt.target_id === served && answered !== undefined
  if (usage === undefined || isAnswer) return []
  return [{ text: `  ${usageSentence(usage)}${known === 'partial' ? ' That is what it had told when it ended.' : ''}` }]
}

/** A pause shorter than this is the gateway's own work. */
const SHORTEST_PAUSE_MS = 20

function waiting(attempt: AttemptRecord, before: AttemptRecord | undefined): StoryStep[] {
  const ended = before === undefined ? attempt.started_ms : before.started_ms + before.latency_ms
  const pause = attempt.started_ms - ended
  return pause < SHORTEST_PAUSE_MS ? [] : [{ at_ms: ended, text: `Waited ${durationWords(pause)}.` }]
}

const NEXT_WORDS = {
  retry: 'it was tried again',
  'next-account': 'the next account was taken',
  'next-target': 'the next target was taken',
  stop: 'no other target was asked',
} as const

/** What was meant to follow a failure is only told when it did follow. */
function attemptSentence(attempt: AttemptRecord, isLast: boolean): string {
  const who = `Called ${safeText(attempt.target_id)} with account ${safeText(attempt.account_id)}`
  const took = durationWords(attempt.latency_ms)
  if (attempt.outcome === 'success') return `${who}: it answered, in ${took}.`
  if (attempt.outcome === 'cancelled') return `${who}: cancelled after ${took}.`
  const code = attempt.error_code ?? 'unknown'
  const told = [
    attempt.upstream_status === undefined ? '' : `status ${attempt.upstream_status}`,
    safeText(attempt.upstream_error_type ?? ''),
    code,
  ].filter((word) => word !== '')
  const next =
    attempt.next === undefined
      ? ''
      : isLast && attempt.next !== 'stop'
        ? ' There was nothing left to try.'
        : ` Then ${NEXT_WORDS[attempt.next]}.`
  const id = attempt.upstream_request_id === undefined ? '' : ` The provider calls it ${safeText(attempt.upstream_request_id)}.`
  return `${who}: after ${took} ${errorPhrase(code)} (${told.join(', ')}).${next}${id}`
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
  if (cost?.nanoDollars !== undefined) steps.push({ text: `It cost $${nanoToUsd(cost.nanoDollars)} (price: ${cost.source}).` })
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
