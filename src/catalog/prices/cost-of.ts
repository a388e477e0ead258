import type { Usage } from '../../ir/usage.ts'
import type { ModelPrice, TokenRates } from '../../ir/price.ts'
import { ExactSum } from './exact-sum.ts'
import { ratesFor } from './rates-for.ts'

/** What is charged for. Hosted tools carry the kind of call in `CostLine.name`. */
export type CostKind = keyof TokenRates | 'request' | 'hostedTool'

/** One line of an invoice. */
export interface CostLine {
  readonly kind: CostKind
  readonly name?: string | undefined
  /** Tokens, or calls. */
  readonly units: number
  /** Nano-dollars per million tokens, or per call. */
  readonly rate: number
  /** The line's share of the total. */
  readonly nanoDollars: number
}

/** What a call cost; the lines add up to the total. */
export interface Cost {
  /** 1e-9 USD, a safe integer. */
  readonly nanoDollars: number
  readonly lines: readonly CostLine[]
}

const PER_MILLION = 1_000_000
/** Other kinds of content than text that a vendor may charge at rates of their own. */
const MODALITIES = [
  ['audio', 'inputAudio', 'outputAudio'],
  ['image', 'inputImage', 'outputImage'],
  ['video', 'inputVideo', 'outputVideo'],
] as const

/**
 * What a call cost, for routing and for billing alike. Undefined when it cannot be known: a total is missing, a kind occurs that has
 * no rate, the service tier has rates nobody gave, or a count is no whole number of 0 or more. Unknown is never zero.
 *
 * - A context tier is chosen by all input tokens and holds for the whole call.
 * - Cache writes whose lifetime is not told are priced as five-minute writes. When reads and writes exceed the total that was
 *   reported, they are priced as reported and nothing is left of fresh input.
 * - A cached read without a rate of its own costs as input, so do audio, images and video; in the output, and for reasoning, it
 *   is the output rate. Audio, images and video of the input count as fresh as far as fresh input reaches, because nobody tells
 *   which of them came from the cache and fresh is never cheaper.
 * - The exact sum is rounded once, half up, to a whole nano-dollar; each line gets what rounding the running sum leaves it.
 */
export function costOf(usage: Usage, price: ModelPrice): Cost | undefined {
  const invoice = new Invoice()
  const nanoDollars = charged(usage, price, invoice)
  return nanoDollars === undefined ? undefined : { nanoDollars, lines: invoice.lines }
}

/** The total of `costOf` alone, for whoever compares many. */
export const nanosOf = (usage: Usage, price: ModelPrice): number | undefined => charged(usage, price, new Tally())

/** Charges everything that was used; the total, or undefined when it cannot be known. */
function charged(usage: Usage, price: ModelPrice, tally: Tally): number | undefined {
  const { inputTokens, outputTokens } = usage
  if (!isCount(inputTokens) || !isCount(outputTokens)) return undefined
  const { read, write5m, write1h } = cachedTokens(usage)
  const cached = read + write5m + write1h
  const fresh = Math.max(0, inputTokens - cached)
  const rates = ratesFor(price, cached + fresh, usage.serviceTier)
  if (rates === undefined) return undefined
  tally.tokens('cacheRead', read, rates.cacheRead ?? rates.input)
  tally.tokens('cacheWrite5m', write5m, rates.cacheWrite5m)
  tally.tokens('cacheWrite1h', write1h, rates.cacheWrite1h)
  chargeInput(tally, fresh, usage, rates)
  chargeOutput(tally, outputTokens, usage, rates)
  if (usage.hostedToolCalls !== undefined)
    for (const [kind, calls] of Object.entries(usage.hostedToolCalls)) tally.calls(kind, calls, price.perCall)
  if (price.perRequest !== undefined) tally.add('request', 1, price.perRequest)
  return tally.total()
}

interface CachedTokens {
  readonly read: number
  readonly write5m: number
  readonly write1h: number
}

function cachedTokens(usage: Usage): CachedTokens {
  const read = usage.cacheReadTokens ?? 0
  const write1h = usage.cacheWrite1hTokens ?? 0
  const write5m = Math.max(usage.cacheWrite5mTokens ?? 0, (usage.cacheWriteTokens ?? 0) - write1h)
  return { read, write5m, write1h }
}

function chargeInput(tally: Tally, fresh: number, { inputByModality: parts }: Usage, rates: TokenRates): void {
  let left = fresh
  if (parts !== undefined) for (const [modality, kind] of MODALITIES) left -= tally.part(kind, parts[modality], left, rates)
  tally.tokens('input', left, rates.input)
}

function chargeOutput(tally: Tally, outputTokens: number, usage: Usage, rates: TokenRates): void {
  const { outputByModality: parts, reasoningTokens } = usage
  let left = outputTokens
  if (parts !== undefined) for (const [modality, , kind] of MODALITIES) left -= tally.part(kind, parts[modality], left, rates)
  left -= tally.part('reasoning', reasoningTokens, left, rates)
  tally.tokens('output', left, rates.output)
}

/** Adds up. */
class Tally {
  protected readonly sum = new ExactSum()
  private known = true

  /** Charges the part of `left` that has a rate of its own; tells how many tokens that were. */
  part(kind: keyof TokenRates, tokens: number | undefined, left: number, rates: TokenRates): number {
    if (tokens === undefined || rates[kind] === undefined) return 0
    const units = Math.min(tokens, left)
    this.tokens(kind, units, rates[kind])
    return units
  }

  tokens(kind: keyof TokenRates, units: number, rate: number | undefined): void {
    if (units === 0) return
    if (rate === undefined) this.known = false
    else this.add(kind, units, rate)
  }

  calls(name: string, units: number, perCall: ModelPrice['perCall']): void {
    if (units === 0) return
    const rate = perCall !== undefined && Object.hasOwn(perCall, name) ? perCall[name] : undefined
    if (rate === undefined) this.known = false
    else this.add('hostedTool', units, rate, name)
  }

  /** The rate is for a million tokens, or for one call. */
  add(kind: CostKind, units: number, rate: number, name?: string): void {
    if (!isCount(units)) this.known = false
    else this.put(kind, units, rate, name)
  }

  total(): number | undefined {
    const { nanoDollars } = this.sum
    return this.known && Number.isSafeInteger(nanoDollars) ? nanoDollars : undefined
  }

  protected put(kind: CostKind, units: number, rate: number, _name: string | undefined): void {
    this.sum.add(units, rate, kind === 'request' || kind === 'hostedTool' ? PER_MILLION : 1)
  }
}

/** Adds up line by line. */
class Invoice extends Tally {
  readonly lines: CostLine[] = []

  protected override put(kind: CostKind, units: number, rate: number, name: string | undefined): void {
    const before = this.sum.nanoDollars
    super.put(kind, units, rate, name)
    const line = { kind, units, rate, nanoDollars: this.sum.nanoDollars - before }
    this.lines.push(name === undefined ? line : { ...line, name })
  }
}

const isCount = (value: number | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0
