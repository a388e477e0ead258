import { describe, expect, test } from 'bun:test'
import { unavailableTargets } from './unavailable-targets.ts'

describe('when no target can be used now', () => {
  test('limits alone are told as a limit, with the earliest recovery and each reason', () => {
    const error = unavailableTargets('fast', [
      { target: 'a/m', code: 'upstream_rate_limited', retryAfterMs: 41_200 },
      { target: 'b/m', code: 'upstream_quota_exceeded', retryAfterMs: 90_000 },
    ])
    expect(error).toMatchObject({ code: 'all_targets_rate_limited', httpStatus: 429, retryAfterMs: 41_200 })
    expect(error.message).toBe(
      'No target of route "fast" can be used now. a/m: upstream_rate_limited (again in 42 s); b/m: upstream_quota_exceeded (again in 90 s). Send the request again when the time in Retry-After has passed.',
    )
    expect(error.details).toEqual({
      targets: [
        { target: 'a/m', code: 'upstream_rate_limited', retry_after_ms: 41_200 },
        { target: 'b/m', code: 'upstream_quota_exceeded', retry_after_ms: 90_000 },
      ],
    })
  })

  test('anything else makes it unavailable, never a 400, and a time only where one is known', () => {
    const error = unavailableTargets('fast', [
      { target: 'a/m', code: 'circuit_open', retryAfterMs: 1_500.2 },
      { target: 'b/m', code: 'target_disabled' },
      { target: 'c/m', code: 'upstream_rate_limited', retryAfterMs: -5 },
    ])
    expect(error).toMatchObject({ code: 'all_targets_unavailable', httpStatus: 503, retryAfterMs: 0 })
    expect(error.details?.['targets']).toContainEqual({ target: 'b/m', code: 'target_disabled', retry_after_ms: null })
    const unknown = unavailableTargets('fast', [{ target: 'b/m', code: 'target_busy' }])
    expect(unknown.retryAfterMs).toBeUndefined()
    expect(unknown.message).not.toContain('Retry-After')
    expect(unavailableTargets('fast', []).httpStatus).toBe(503)
  })
})
