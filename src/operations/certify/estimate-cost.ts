import { costOf } from '../../catalog/prices/cost-of.ts'
import type { ModelPrice } from '../../ir/price.ts'
import type { Probe, ProbeRequest } from './probe.types.ts'
import { USUAL_TOKENS } from './run-probes.ts'

/** What asking everything may come to. */
export interface ProbeEstimate {
  /** Calls to the model. */
  readonly calls: number
  /** Estimated. */
  readonly inputTokens: number
  /** When every answer is as long as it may be. */
  readonly mostOutputTokens: number
  /** 1e-9 USD at most; undefined without a known price. */
  readonly mostNanoDollars: number | undefined
}

/** English and JSON have about four characters a token. */
const CHARACTERS_A_TOKEN = 4
/** An image or a page is more than its bytes tell. */
const MEDIA_TOKENS = 1_600

/** What probes may come to at a price. Refused calls cost nothing and are not counted. */
export function estimateCost(probes: readonly Probe[], price: ModelPrice | undefined): ProbeEstimate {
  const requests = probes.flatMap(requestsOf)
  const sum = (of: (request: ProbeRequest) => number): number => requests.reduce((total, request) => total + of(request), 0)
  const inputTokens = sum(tokensOf)
  const mostOutputTokens = sum(({ maxOutputTokens }) => maxOutputTokens ?? USUAL_TOKENS)
  const usage = { inputTokens, outputTokens: mostOutputTokens }
  // Calls are small, so tiers of context play no part in the sum.
  const most = price === undefined ? undefined : costOf(usage, { ...price, contextTiers: [] })?.nanoDollars
  return { calls: requests.length, inputTokens, mostOutputTokens, mostNanoDollars: most }
}

function requestsOf(probe: Probe): readonly ProbeRequest[] {
  if (probe.group === 'errors') return []
  if (probe.kind === 'comparing') return probe.calls.map(({ request }) => request)
  if (probe.kind !== 'call') return []
  // The turn that continues another is about as long again.
  return probe.next === undefined ? [probe.request] : [probe.request, probe.request]
}

function tokensOf({ messages, tools, responseFormat }: ProbeRequest): number {
  let media = 0
  const text = JSON.stringify([messages, tools, responseFormat], (key, value: unknown) => {
    if (key !== 'data') return value
    media += MEDIA_TOKENS
    return undefined
  })
  return Math.ceil(text.length / CHARACTERS_A_TOKEN) + media
}
