import { expect, test } from 'bun:test'
import { endedAttempt, endedRequest, watchedSnapshot } from '../../../test/support/ended-request.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { FallbackRate } from './fallback-rate.ts'

const snapshot = watchedSnapshot()
const failed = endedAttempt({ outcome: 'failed', error_code: 'upstream_timeout', next: 'next-target' })

test('calls count while they are in the window, and fallbacks only where something was called and nobody left', async () => {
  const clock = new ManualClock()
  const rate = new FallbackRate(clock, 300_000)
  rate.count(endedRequest(snapshot))
  rate.count(endedRequest(snapshot, { attempts: [failed, endedAttempt()] }))
  rate.count(endedRequest(snapshot, { attempts: [failed], status: 504, errorCode: 'upstream_timeout' }))
  rate.count(endedRequest(snapshot, { attempts: [], status: 404 }))
  rate.count(endedRequest(snapshot, { attempts: [failed, endedAttempt()], status: 499 }))
  expect(rate.read()).toEqual({ requests: 3, fallbacks: 1 })
  await clock.advance(150_000)
  rate.count(endedRequest(snapshot))
  expect(rate.read()).toEqual({ requests: 4, fallbacks: 1 })
  await clock.advance(150_000)
  expect(rate.read()).toEqual({ requests: 1, fallbacks: 0 })
  await clock.advance(3_000_000)
  expect(rate.read()).toEqual({ requests: 0, fallbacks: 0 })
})
