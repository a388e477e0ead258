import { z } from 'zod'
import { isTimeZone } from './calendar-window.ts'
import { positive } from './config-fields.ts'

/** The largest amount whose nano-dollars are still exact. */
const MOST_USD = 9_000_000

const usd = (): z.ZodNumber =>
  z.number('an amount in US dollars').min(0, 'at least 0').max(MOST_USD, `at most ${MOST_USD} US dollars`)

const weight = (): z.ZodNumber => z.number('a weight').min(0, 'at least 0').max(100, 'at most 100')

const rateFields = {
  requests_per_minute: positive().optional().describe('Most requests a minute.'),
  tokens_per_minute: positive()
    .optional()
    .describe('Most tokens a minute, weighted by `token_weights`. A call counts with an estimate until its usage is known.'),
  window: z
    .enum(['sliding', 'fixed'])
    .default('sliding')
    .describe('What a minute is: the last 60 seconds, or the minute of the clock.'),
  token_weights: z
    .strictObject({
      input: weight().default(1).describe('Input that is not cached.'),
      cache_read: weight().default(0.1).describe("Input from the provider's prompt cache."),
      cache_write: weight().default(1).describe('Input written to that cache.'),
      output: weight().default(1).describe('Output, reasoning included.'),
    })
    .prefault({})
    .describe('What one token counts towards `tokens_per_minute`, by kind.'),
}

const priority = z
  .enum(['high', 'normal', 'low'])
  .optional()
  .describe('Who is served first when calls wait for a place. The most particular one counts. Default: `normal`.')

const concurrency = positive().optional().describe('Most calls under way at once.')

/** `limits` of those who call. */
export const callerLimits = z.strictObject({ ...rateFields, max_concurrency: concurrency, priority }).optional()

/** `limits` of the gateway, of a provider and of an account. */
export const placeLimits = z.strictObject({ ...rateFields, max_concurrency: concurrency }).optional()

const soft = z
  .array(z.number('a share between 0 and 1').gt(0, 'more than 0').lt(1, 'less than 1'))
  .max(10, 'at most 10 shares')
  .optional()
  .describe('Shares of each budget at which somebody is told, such as `[0.5, 0.8]`. Default: those of `server.budget`.')

const budgetFields = {
  max_usd: usd().nullable().optional().describe('Most US dollars altogether; `null` for no limit.'),
  daily_usd: usd().nullable().optional().describe('Most US dollars a day.'),
  weekly_usd: usd().nullable().optional().describe('Most US dollars a week, from Monday on.'),
  monthly_usd: usd().nullable().optional().describe('Most US dollars a month of the calendar.'),
  timezone: z
    .string()
    .refine(isTimeZone, 'the name of a time zone such as Europe/Berlin')
    .optional()
    .describe('Time zone in which days, weeks and months begin. Default: that of `server.budget`, which is UTC.'),
  soft,
  unknown_price: z
    .enum(['refuse', 'allow'])
    .optional()
    .describe(
      'What happens to a call whose model has no known price: it is refused, with the command that sets one, or served and not counted. Default: that of `server.budget`, which is `refuse`.',
    ),
  unmetered: z
    .enum(['refuse', 'allow'])
    .optional()
    .describe(
      'What happens to calls whose cost nobody can tell (files, batches, images, audio, `/passthrough/…`): they are refused, or served and counted as far as they tell what they used. Default: that of `server.budget`, which is `refuse`.',
    ),
}

/** `budget` of anybody but the gateway itself. */
export const budget = z.strictObject(budgetFields).optional()

/** `server.budget`: of everything together, and what other budgets inherit. */
export const serverBudget = z
  .strictObject({
    ...budgetFields,
    per_provider_usd: z
      .record(z.string(), usd())
      .default({})
      .describe('Most US dollars altogether at single providers, by their ids; the same as `providers[].budget.max_usd`.'),
  })
  .optional()
  .describe('What everything together may cost. Time zone, thresholds and unknown prices are inherited by all other budgets.')

export type RateLimitsConfig = z.output<typeof callerLimits>
export type BudgetConfig = z.output<typeof budget>
