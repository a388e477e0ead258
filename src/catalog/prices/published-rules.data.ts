/**
 * Rules that vendors publish in words and the dataset has no figures for. Each names its source. Multipliers are ratios
 * `[numerator, denominator]` of whole numbers, so that derived rates stay exact.
 */

type Ratio = readonly [numerator: number, denominator: number]

/**
 * Claude's two cache-write rates as multiples of its input rate, for providers that charge them: five minutes 1.25, one hour 2.
 * Used where the dataset has no rate. Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching (Pricing).
 */
export const CLAUDE_CACHE_WRITES: {
  readonly providers: readonly string[]
  readonly model: RegExp
  readonly fiveMinutes: Ratio
  readonly oneHour: Ratio
} = {
  providers: ['anthropic', 'aws', 'google', 'azure', 'openrouter'],
  model: /claude/i,
  fiveMinutes: [5, 4],
  oneHour: [2, 1],
}

/**
 * Service tiers priced as a share of the standard rates, by provider. Sources: https://platform.openai.com/docs/guides/flex-processing
 * (flex costs what the Batch API costs) and https://platform.openai.com/docs/guides/batch (half of the standard rates);
 * https://platform.claude.com/docs/en/build-with-claude/batch-processing (half of the standard rates).
 */
export const SERVICE_TIER_SHARES: Readonly<Record<string, Readonly<Record<string, Ratio>>>> = {
  openai: { flex: [1, 2], batch: [1, 2] },
  anthropic: { batch: [1, 2] },
}

/**
 * Calls of hosted tools that cost nothing but their tokens, by provider. Source:
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-fetch-tool (Usage and pricing).
 */
export const FREE_CALLS: Readonly<Record<string, readonly string[]>> = {
  anthropic: ['web_fetch_requests'],
}

/**
 * Models that are free by their name. The dataset has them without any rate, as it has models whose price it does not know, and only
 * these are known to cost nothing. Source: https://openrouter.ai/docs/guides/routing/model-variants/free.
 */
export const FREE_MODELS: { readonly provider: string; readonly suffix: string } = { provider: 'openrouter', suffix: ':free' }

/** Names that configurations and other catalogues use for providers of the dataset. */
export const PROVIDER_ALIASES: Readonly<Record<string, string>> = {
  'amazon-bedrock': 'aws',
  bedrock: 'aws',
  'azure-openai': 'azure',
  'fireworks-ai': 'fireworks',
  gemini: 'google',
  'google-vertex': 'google',
  'google-vertex-anthropic': 'google',
  moonshot: 'moonshotai',
  togetherai: 'together',
  'together-ai': 'together',
  vertex: 'google',
  xai: 'x-ai',
}
