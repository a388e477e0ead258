import { expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { FailedAttempts } from './failed-attempts.ts'

const never = new AbortController().signal

/** Milliseconds until a refusal goes out. */
async function delayOf(attempts: FailedAttempts, clock: ManualClock, address: string): Promise<number> {
  const started = clock.now()
  const refused = attempts.penalty(address, never).then(() => clock.now() - started)
  while (Bun.peek.status(refused) === 'pending') await clock.advance(50)
  return refused
}

test('the first refusals come at once, later ones ever later, up to five seconds', async () => {
  const clock = new ManualClock()
  const attempts = new FailedAttempts({ clock })
  const delays: number[] = []
  for (let count = 0; count < 13; count++) delays.push(await delayOf(attempts, clock, '192.0.2.1'))
  expect(delays).toEqual([0, 0, 0, 0, 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000])
})

test('clients do not slow each other down', async () => {
  const clock = new ManualClock()
  const attempts = new FailedAttempts({ clock })
  for (let count = 0; count < 8; count++) await delayOf(attempts, clock, '192.0.2.1')
  expect(await delayOf(attempts, clock, '192.0.2.2')).toBe(0)
})

test('a quiet minute is forgiven', async () => {
  const clock = new ManualClock()
  const attempts = new FailedAttempts({ clock })
  for (let count = 0; count < 8; count++) await delayOf(attempts, clock, '192.0.2.1')
  await clock.advance(60_001)
  expect(await delayOf(attempts, clock, '192.0.2.1')).toBe(0)
})

test('memory is bounded: the client that has been quiet for longest is forgotten', async () => {
  const clock = new ManualClock()
  const attempts = new FailedAttempts({ clock, mostClients: 3 })
  for (let count = 0; count < 8; count++) await delayOf(attempts, clock, 'first')
  for (const address of ['second', 'third', 'fourth']) await delayOf(attempts, clock, address)
  expect(await delayOf(attempts, clock, 'first')).toBe(0)
})

test('no more than a few refusals are held back at once', async () => {
  const clock = new ManualClock()
  const attempts = new FailedAttempts({ clock, mostHeld: 2 })
  for (let count = 0; count < 5; count++) await attempts.penalty('a', never)
  const held = [attempts.penalty('a', never), attempts.penalty('a', never)]
  await attempts.penalty('a', never)
  expect(clock.pending).toBe(2)
  await clock.advance(5_000)
  await Promise.all(held)
  expect(clock.pending).toBe(0)
})

test('a client that hangs up is not waited for', async () => {
  const clock = new ManualClock()
  const attempts = new FailedAttempts({ clock })
  for (let count = 0; count < 5; count++) await attempts.penalty('a', never)
  const gone = new AbortController()
  const held = attempts.penalty('a', gone.signal)
  gone.abort()
  await held
  expect(clock.pending).toBe(0)
})
