import { asProviderId } from '../ir/ids.ts'
import type { ResilienceSettings, RouteResilience } from '../ir/resilience.ts'
import type { RouteConfig } from '../routing/route.schema.ts'
import type { ConfigParts } from './compile-context.ts'
import type { ConfigNotes } from './problem.ts'

/** How failures of upstreams are survived, with times in ms. */
export function compileResilience({ server, providers }: ConfigParts, notes: ConfigNotes): ResilienceSettings {
  const { retry, circuit_breaker: breaker, hedge, scorecard } = server
  const { window, demotion, prior, persist } = scorecard
  if (demotion.recover_success_rate < demotion.demote_success_rate)
    notes.problem(
      ['server', 'scorecard', 'demotion'],
      `A target would be put back at ${demotion.demote_success_rate} and brought forward at ${demotion.recover_success_rate}, so it would go to and fro. Make \`recover_success_rate\` at least \`demote_success_rate\`.`,
    )
  if (retry.max_delay_ms < retry.base_delay_ms)
    notes.problem(
      ['server', 'retry'],
      `The longest pause (${retry.max_delay_ms} ms) is shorter than the first (${retry.base_delay_ms} ms). Make \`max_delay_ms\` at least \`base_delay_ms\`.`,
    )
  return {
    retry: { maxRetries: retry.max_retries, baseDelayMs: retry.base_delay_ms, maxDelayMs: retry.max_delay_ms },
    retryBudget: retry.budget,
    maxWaitMs: retry.max_wait_ms,
    circuitBreaker: { enabled: breaker.enabled, failureThreshold: breaker.failure_threshold, openMs: breaker.open_secs * 1000 },
    hedge: { enabled: hedge.enabled, delayMs: hedge.delay_ms, maxParallel: hedge.max_parallel },
    scorecard: {
      enabled: scorecard.enabled,
      maxSamples: window.max_samples,
      ttlMs: window.ttl_secs * 1000,
      minSamples: demotion.min_samples,
      demoteSuccessRate: demotion.demote_success_rate,
      recoverSuccessRate: demotion.recover_success_rate,
      truncationDemoteRate: demotion.trunc_demote_rate,
      fastDemoteStreak: demotion.fast_demote_streak,
      fastRecoverStreak: demotion.fast_recover_streak,
      priorWeight: prior.weight,
      priorSuccessRate: prior.default_success_rate,
      scoreWeight: scorecard.score_weight,
      flushMs: persist.flush_secs * 1000,
      staleHydrateMs: persist.stale_hydrate_secs * 1000,
    },
    maxConcurrency: new Map(
      providers.flatMap(({ value: { id, max_concurrency: limit } }) =>
        limit === null ? [] : [[asProviderId(id), limit] as const],
      ),
    ),
    accountSelection: new Map(
      providers.flatMap(({ value: { id, selection, sticky } }) =>
        selection === 'fill_first' ? [] : [[asProviderId(id), { mode: selection, sticky }] as const],
      ),
    ),
  }
}

/** What a route has of its own; undefined when it inherits everything. */
export function routeResilience({ retry, hedge }: RouteConfig): RouteResilience | undefined {
  const own: RouteResilience = {
    ...(isSaid(retry.max_retries, retry.base_delay_ms, retry.max_delay_ms)
      ? { retry: { maxRetries: retry.max_retries, baseDelayMs: retry.base_delay_ms, maxDelayMs: retry.max_delay_ms } }
      : {}),
    ...(isSaid(hedge.enabled, hedge.delay_ms, hedge.max_parallel)
      ? { hedge: { enabled: hedge.enabled, delayMs: hedge.delay_ms, maxParallel: hedge.max_parallel } }
      : {}),
    ...(retry.max_wait_ms === undefined ? {} : { maxWaitMs: retry.max_wait_ms }),
  }
  return Object.keys(own).length === 0 ? undefined : own
}

const isSaid = (...values: readonly unknown[]): boolean => values.some((value) => value !== undefined)
