import { expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import { Deadlines } from '../lib/deadlines.ts'
import { AttemptTimer } from './attempt-timer.ts'

interface Setup {
  readonly clock: ManualClock
  readonly deadlines: Deadlines
  readonly timer: AttemptTimer
  readonly errors: GatewayError[]
  readonly probes: { count: number }
}

function setup(options: { reachable?: boolean; totalMs?: number } = {}): Setup {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock)
  const errors: GatewayError[] = []
  const probes = { count: 0 }
  const attempt = {
    name: 'p/m',
    timeouts: { connectMs: 1_000, firstTokenMs: 10_000, idleMs: 5_000 },
    totalAt: options.totalMs ?? Number.POSITIVE_INFINITY,
    abort: (error: GatewayError) => void errors.push(error),
    async isReachable() {
      probes.count++
      return options.reachable ?? true
    },
  }
  const timer = new AttemptTimer(attempt, clock, deadlines)
  return { clock, deadlines, timer, errors, probes }
}

test('an origin that takes no connection fails after the connect time', async () => {
  const { clock, errors, probes } = setup({ reachable: false })
  await clock.advance(900)
  expect(probes.count).toBe(0)
  await clock.advance(200)
  expect(errors.map((error) => error.code)).toEqual(['upstream_connect_failed'])
})

test('a slow model behind a reachable origin has until the first-token limit', async () => {
  const { clock, errors, probes } = setup()
  await clock.advance(9_900)
  expect(probes.count).toBe(1)
  expect(errors).toEqual([])
  await clock.advance(200)
  expect(errors.map((error) => error.code)).toEqual(['upstream_timeout'])
  expect(errors[0]!.message).toContain('10000 ms')
})

test('headers alone do not stop the first-token limit', async () => {
  const { clock, timer, errors } = setup()
  timer.connected()
  await clock.advance(10_100)
  expect(errors.map((error) => error.code)).toEqual(['upstream_timeout'])
})

test('silence after the beginning is limited, and every chunk starts it anew', async () => {
  const { clock, timer, errors } = setup()
  timer.connected()
  timer.began()
  for (let chunk = 0; chunk < 5; chunk++) {
    await clock.advance(4_000)
    timer.touch()
  }
  expect(errors).toEqual([])
  await clock.advance(5_100)
  expect(errors.map((error) => error.code)).toEqual(['upstream_timeout'])
})

test('a client that does not read is not silence of the upstream', async () => {
  const { clock, timer, errors } = setup()
  timer.connected()
  timer.began()
  timer.pause()
  await clock.advance(60_000)
  expect(errors).toEqual([])
})

test('the total limit ends any phase', async () => {
  const { clock, timer, errors } = setup({ totalMs: 3_000 })
  timer.connected()
  timer.began()
  timer.pause()
  await clock.advance(3_100)
  expect(errors.map((error) => error.code)).toEqual(['deadline_exceeded'])
})

test('a stopped timer leaves nothing behind', async () => {
  const { clock, deadlines, timer, errors } = setup()
  timer.stop()
  await clock.advance(60_000)
  expect(errors).toEqual([])
  expect(deadlines.size).toBe(0)
  expect(clock.pending).toBe(0)
})
