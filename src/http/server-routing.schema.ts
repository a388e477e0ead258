import { z } from 'zod'
import { duration, positive, share } from '../lib/config-fields.ts'
import { hedgeFields, retryFields } from '../lib/resilience-fields.ts'

/** Policy keys of `server`: what every route inherits unless it says otherwise. */
export const policyFields = {
  cost_aware: z
    .boolean()
    .default(false)
    .describe('Routes without a `strategy` put the cheapest target first (`lowest_cost`). Goes before `latency_aware`.'),
  latency_aware: z
    .boolean()
    .default(false)
    .describe('Routes without a `strategy` put the quickest target first (`least_latency`).'),
  cost_max_per_mtok: z
    .number('a price in US dollars')
    .positive('more than 0')
    .nullable()
    .default(null)
    .describe('Highest price of a million input and a million output tokens together, in US dollars; `null` for no limit.'),
  cost_allow_free: z.boolean().default(true).describe('Targets tagged `free` may serve.'),
  cost_allow_promo: z.boolean().default(true).describe('Targets tagged `promo` may serve.'),
  cost_allow_aggregator: z.boolean().default(true).describe('Targets tagged `aggregator` may serve.'),
  cost_unknown: z
    .enum(['allow', 'penalize', 'reject'])
    .default('allow')
    .describe('A target whose price is not known passes, stands behind all that have one, or is refused.'),
  context_unknown: z
    .enum(['allow', 'reject'])
    .default('allow')
    .describe('A target whose context window is not known passes or is refused.'),
  certification_max_age: duration()
    .default('30d')
    .describe('Age at which a certification stops counting for routes that `require: { certified: true }`; `forever` for never.'),
  client_strategies: z
    .boolean()
    .default(false)
    .describe(
      'Clients may choose the strategy with `x-switchback-strategy`, and the order of routes without one with `x-switchback-latency`.',
    ),
  sessions: z
    .strictObject({
      hash_first_message: z
        .boolean()
        .default(false)
        .describe('Conversations that their client does not name are told apart by a salted hash of their first message.'),
    })
    .prefault({})
    .describe('How conversations are told apart, for `affinity: session` and for records.'),
}

const retry = z
  .strictObject({
    max_retries: z
      .int('a whole number')
      .min(0, 'at least 0')
      .max(10, 'at most 10')
      .default(1)
      .describe('Further tries at the same account after a passing fault, before the next account or target.'),
    base_delay_ms: retryFields.base_delay_ms.unwrap().default(100),
    max_delay_ms: retryFields.max_delay_ms.unwrap().default(2_000),
    max_wait_ms: retryFields.max_wait_ms.unwrap().default(10_000),
    budget: share().default(0.2).describe('Retries may be at most this share of the calls to a target.'),
  })
  .prefault({})
  .describe('Retries at one account. Routes can override them.')

const circuitBreaker = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Leave a failing target alone for a while.'),
    failure_threshold: positive().default(5).describe('Failures in a row that open the circuit.'),
    open_secs: positive().default(30).describe('Seconds until one call may probe whether it works again.'),
  })
  .prefault({})
  .describe('When a target is left alone. Faults of a client or of one account never count.')

const hedge = z
  .strictObject({
    enabled: hedgeFields.enabled.unwrap().default(false),
    delay_ms: hedgeFields.delay_ms.unwrap().default(150),
    max_parallel: hedgeFields.max_parallel.unwrap().default(2),
  })
  .prefault({})
  .describe(
    'Further attempts beside a slow one; the first good answer wins. Never where two could do harm: calls that are stored, run in the background, belong to a conversation of the provider, or use tools that the provider runs.',
  )

const scorecard = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Watch how calls to each target end, and put those that do badly behind the others.'),
    window: z
      .strictObject({
        max_samples: positive().default(200).describe('Calls that are remembered for each target.'),
        ttl_secs: positive().default(86_400).describe('How long a call is remembered.'),
      })
      .prefault({})
      .describe('What is remembered.'),
    demotion: z
      .strictObject({
        min_samples: positive().default(8).describe('Calls needed before rates are believed, and before outcomes break ties.'),
        demote_success_rate: rate().default(0.6).describe('A target is put back at or below this share of good answers,'),
        recover_success_rate: rate().default(0.85).describe('and comes forward again at this one.'),
        trunc_demote_rate: rate().default(0.25).describe('Share of truncated answers at which a target is put back.'),
        fast_demote_streak: positive().default(3).describe('Failures in a row that put a target back at once.'),
        fast_recover_streak: positive().default(3).describe('Good answers in a row that bring it forward again.'),
      })
      .prefault({})
      .describe('When a target is put behind the others.'),
    prior: z
      .strictObject({
        weight: z.number('a number').min(1, 'at least 1').default(5).describe('Calls that a target is credited with beforehand,'),
        default_success_rate: rate().lt(1, 'less than 1').default(0.95).describe('and the share of them taken as good.'),
      })
      .prefault({})
      .describe('What is assumed before enough is known.'),
    score_weight: share().default(0.15).describe('Weight of outcomes in score profiles.'),
    persist: z
      .strictObject({
        flush_secs: positive().default(30).describe('How often scores are written to the store.'),
        stale_hydrate_secs: positive().default(172_800).describe('Age up to which they are believed after a restart.'),
      })
      .prefault({})
      .describe('How scores outlive a restart.'),
  })
  .prefault({})
  .describe('How outcomes of calls are judged.')

/** Keys of `server` on how failures are survived. */
export const resilienceFields = { retry, circuit_breaker: circuitBreaker, hedge, scorecard }

function rate(): z.ZodNumber {
  return z.number('a share between 0 and 1').gt(0, 'more than 0').max(1, 'at most 1')
}
