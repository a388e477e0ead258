import type { ModelPrice, RateSchedule, TokenRates } from '../../ir/price.ts'

/**
 * Service tiers that providers charge at other rates than they publish for the model: OpenAI (flex, priority, batch), Anthropic
 * (batch, priority), Gemini (batch, flex, priority). A call served so costs what its own rates say and is unknown without them.
 */
const TIERS_WITH_OTHER_RATES: ReadonlySet<string> = new Set(['flex', 'priority', 'batch'])

/** The rates of a call, by all its input tokens (cached ones count) and the service tier reported; undefined when they are unknown. */
export function ratesFor(price: ModelPrice, inputTokens: number, serviceTier?: string): TokenRates | undefined {
  const schedule = scheduleFor(price, serviceTier)
  return schedule === undefined ? undefined : ratesAt(schedule, inputTokens)
}

/**
 * Price of a million input and a million output tokens together, in nano-dollars: the one figure routing compares and caps. For a
 * call of that many input tokens. Undefined when either rate is unknown.
 */
export function blendedPerMillion(price: RateSchedule, inputTokens = 0): number | undefined {
  const { input, output } = ratesAt(price, inputTokens)
  return input === undefined || output === undefined ? undefined : input + output
}

function scheduleFor(price: ModelPrice, serviceTier: string | undefined): RateSchedule | undefined {
  if (serviceTier === undefined) return price
  const tiers = price.serviceTiers
  if (tiers !== undefined && Object.hasOwn(tiers, serviceTier)) return tiers[serviceTier]
  return TIERS_WITH_OTHER_RATES.has(serviceTier) ? undefined : price
}

function ratesAt({ rates, contextTiers }: RateSchedule, inputTokens: number): TokenRates {
  let chosen = rates
  for (const tier of contextTiers) if (inputTokens > tier.above) chosen = tier.rates
  return chosen
}
