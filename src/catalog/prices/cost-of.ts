import type { Usage } from '../../ir/usage.ts'
import type { ModelPrice, TokenRates } from './model-price.types.ts'
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

const PER_MILLION = 1_000_000n
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
  const { inputTokens, outputTokens } = usage
  if (!isCount(inputTokens) || !isCount(outputTokens)) return undefined
  const cached = cachedTokens(usage)
  const fresh = Math.max(0, inputTokens - cached.total)
  const rates = ratesFor(price, cached.total + fresh, usage.serviceTier)
  if (rates === undefined) return undefined
  const invoice = new Invoice()
  invoice.tokens('cacheRead', cached.read, rates.cacheRead ?? rates.input)
  invoice.tokens('cacheWrite5m', cached.write5m, rates.cacheWrite5m)
  invoice.tokens('cacheWrite1h', cached.write1h, rates.cacheWrite1h)
  chargeInput(invoice, fresh, usage, rates)
  chargeOutput(invoice, outputTokens, usage, rates)
  for (const [kind, calls] of Object.entries(usage.hostedToolCalls ?? {})) invoice.calls(kind, calls, price.perCall)
  if (price.perRequest !== undefined) invoice.add({ kind: 'request', units: 1, rate: price.perRequest }, PER_MILLION)
  return invoice.total()
}

interface CachedTokens {
  readonly read: number
  readonly write5m: number
  readonly write1h: number
  readonly total: number
}

function cachedTokens(usage: Usage): CachedTokens {
  const read = usage.cacheReadTokens ?? 0
  const write1h = usage.cacheWrite1hTokens ?? 0
  const write5m = Math.max(usage.cacheWrite5mTokens ?? 0, (usage.cacheWriteTokens ?? 0) - write1h)
  return { read, write5m, write1h, total: read + write5m + write1h }
}

function chargeInput(invoice: Invoice, fresh: number, usage: Usage, rates: TokenRates): void {
  let left = fresh
  for (const [modality, kind] of MODALITIES) left -= invoice.part(kind, usage.inputByModality?.[modality], left, rates)
  invoice.tokens('input', left, rates.input)
}

function chargeOutput(invoice: Invoice, outputTokens: number, usage: Usage, rates: TokenRates): void {
  let left = outputTokens
  for (const [modality, , kind] of MODALITIES) left -= invoice.part(kind, usage.outputByModality?.[modality], left, rates)
  left -= invoice.part('reasoning', usage.reasoningTokens, left, rates)
  invoice.tokens('output', left, rates.output)
}

/** Adds up in millionths of a nano-dollar, which every product of tokens and rate is a whole number of. */
class Invoice {
  private readonly lines: CostLine[] = []
  private sum = 0n
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
    else this.add({ kind, units, rate }, 1n)
  }

  calls(name: string, units: number, perCall: ModelPrice['perCall']): void {
    if (units === 0) return
    const rate = perCall !== undefined && Object.hasOwn(perCall, name) ? perCall[name] : undefined
    if (rate === undefined) this.known = false
    else this.add({ kind: 'hostedTool', name, units, rate }, PER_MILLION)
  }

  /** `scale` turns units × rate into millionths of a nano-dollar. */
  add(line: Omit<CostLine, 'nanoDollars'>, scale: bigint): void {
    if (!isCount(line.units)) {
      this.known = false
      return
    }
    const before = rounded(this.sum)
    this.sum += BigInt(line.units) * BigInt(line.rate) * scale
    this.lines.push({ ...line, nanoDollars: Number(rounded(this.sum) - before) })
  }

  total(): Cost | undefined {
    const nanoDollars = Number(rounded(this.sum))
    return this.known && Number.isSafeInteger(nanoDollars) ? { nanoDollars, lines: this.lines } : undefined
  }
}

const isCount = (value: number | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const rounded = (sum: bigint): bigint => (sum + PER_MILLION / 2n) / PER_MILLION
