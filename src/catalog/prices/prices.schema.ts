import { z } from 'zod'
import { usdToNano } from './usd.ts'

/**
 * Prices an operator gives, in a file or in the configuration. Everything is in US dollars, token rates per million tokens. Numbers
 * and decimal texts mean the same; the text of a failed check is what was expected.
 */

const USD = 'dollars of 0 or more with at most nine decimals, such as 0.075'
const usd = (what: string): z.ZodUnion<readonly [z.ZodNumber, z.ZodString]> =>
  z
    .union([z.number(USD), z.string(USD)], USD)
    .refine((value) => usdToNano(value) !== undefined, USD)
    .describe(what)

const day = (): z.ZodString => z.string('a day such as 2026-01-31').refine(isDay, 'a day such as 2026-01-31')

const TOKEN_RATES = {
  input: usd('Input, USD per million tokens.').optional(),
  output: usd('Output, USD per million tokens.').optional(),
  cache_read: usd('Input read from the prompt cache, USD per million tokens. Without it cached input costs as input.').optional(),
  cache_write_5m: usd('Input written to the cache for five minutes, USD per million tokens.').optional(),
  cache_write_1h: usd('Input written to the cache for one hour, USD per million tokens.').optional(),
  input_image: usd('Images of the input, USD per million tokens. Without it they cost as input.').optional(),
  input_audio: usd('Audio of the input, USD per million tokens. Without it it costs as input.').optional(),
  input_video: usd('Video of the input, USD per million tokens. Without it it costs as input.').optional(),
  reasoning: usd('Reasoning, USD per million tokens. Without it it costs as output.').optional(),
  output_image: usd('Images of the output, USD per million tokens. Without it they cost as output.').optional(),
  output_audio: usd('Audio of the output, USD per million tokens. Without it it costs as output.').optional(),
  output_video: usd('Video of the output, USD per million tokens. Without it it costs as output.').optional(),
} as const

const contextTiersSchema = z
  .array(
    z.strictObject({
      above: z.int('a whole number of tokens').min(0, 'at least 0').describe('Holds for calls with more input tokens than this.'),
      ...TOKEN_RATES,
    }),
  )
  .refine((tiers) => new Set(tiers.map(({ above }) => above)).size === tiers.length, 'a different `above` for each tier')
  .describe('Rates for long inputs. A rate that a tier leaves out stays as it is outside of it.')

const scheduleFields = { ...TOKEN_RATES, context_tiers: contextTiersSchema.optional() }

/** The price of one model. */
const modelPriceSchema = z
  .strictObject({
    ...scheduleFields,
    service_tiers: z
      .record(z.string().min(1), z.strictObject(scheduleFields))
      .optional()
      .describe('Rates of service tiers (`flex`, `batch`, `priority`), by the name the provider reports. Nothing is taken over.'),
    per_request: usd('USD for each call.').optional(),
    per_call: z
      .record(z.string().min(1), usd('USD for one call.'))
      .optional()
      .describe('USD for each call of a hosted tool, by its kind in the usage (`web_search_requests`).'),
    as_of: day().optional().describe('Day the price was found.'),
    source: z.string().max(500).optional().describe('Where the price was found.'),
  })
  .refine(
    (price) => ['input', 'output', 'per_request'].some((key) => key in price),
    'at least one of `input`, `output` and `per_request`',
  )

/** Prices by `provider/model`. */
export const pricesSchema = z
  .record(
    z.string().regex(/^[^/\s]{1,128}\/\S{1,512}$/, 'a name such as openai/gpt-5, or local/* for all models of a provider'),
    modelPriceSchema,
  )
  .describe('Prices that stand before the ones this version ships, by `provider/model`; `*` in the model stands for anything.')

/** The file of `switchback price`: `prices.json` in the data directory, and what `price update --from` reads. */
export const priceFileSchema = z.strictObject({
  as_of: day().optional().describe('Day the prices were found, for entries without one.'),
  prices: pricesSchema,
})

export type ModelPriceEntry = z.output<typeof modelPriceSchema>
export type PriceEntries = z.output<typeof pricesSchema>

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const instant = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(text)
}
