/**
 * What a million tokens cost, in nano-dollars (1e-9 USD), as a safe integer of 0 or more. Vendors publish dollars per million tokens
 * with at most a few decimals, so $0.075 is exactly 75,000,000; tokens × rate is a whole number of 1e-15 USD and sums stay exact.
 */
export type TokenRate = number

/** Rates by kind of token; undefined is unknown, 0 is free. */
export interface TokenRates {
  readonly input?: TokenRate | undefined
  /** Input served from the provider's prompt cache. */
  readonly cacheRead?: TokenRate | undefined
  /** Input written to a cache that lives five minutes, or whose life the provider does not name. */
  readonly cacheWrite5m?: TokenRate | undefined
  readonly cacheWrite1h?: TokenRate | undefined
  readonly inputImage?: TokenRate | undefined
  readonly inputAudio?: TokenRate | undefined
  readonly inputVideo?: TokenRate | undefined
  readonly output?: TokenRate | undefined
  /** Only where reasoning costs otherwise than the rest of the output. */
  readonly reasoning?: TokenRate | undefined
  readonly outputImage?: TokenRate | undefined
  readonly outputAudio?: TokenRate | undefined
  readonly outputVideo?: TokenRate | undefined
}

/** Rates of a call whose whole input is longer than `above` tokens. They stand for themselves: nothing is taken from the base. */
export interface ContextTier {
  readonly above: number
  readonly rates: TokenRates
}

export interface RateSchedule {
  readonly rates: TokenRates
  /** In rising order of `above`; the last one that is exceeded applies to all tokens of the call. */
  readonly contextTiers: readonly ContextTier[]
}

/** What a model costs at one provider. */
export interface ModelPrice extends RateSchedule {
  /** Rates of service tiers that cost otherwise (`flex`, `batch`, `priority`), by the name the provider reports. */
  readonly serviceTiers?: Readonly<Record<string, RateSchedule>> | undefined
  /** Nano-dollars for each call of the model. */
  readonly perRequest?: number | undefined
  /** Nano-dollars for each call of a hosted tool, by its kind in `Usage.hostedToolCalls`. */
  readonly perCall?: Readonly<Record<string, number>> | undefined
}
