import { expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { OriginWarmth } from './origin-warmth.ts'

test('an origin is warm for a minute after its last answer', async () => {
  const clock = new ManualClock()
  const warmth = new OriginWarmth(clock)
  expect(warmth.isWarm('https://a.test')).toBe(false)
  warmth.note('https://a.test')
  await clock.advance(59_000)
  expect(warmth.isWarm('https://a.test')).toBe(true)
  warmth.note('https://a.test')
  await clock.advance(59_000)
  expect(warmth.isWarm('https://a.test')).toBe(true)
  await clock.advance(1_000)
  expect(warmth.isWarm('https://a.test')).toBe(false)
})

test('only the origins heard of lately are remembered', async () => {
  const clock = new ManualClock()
  const warmth = new OriginWarmth(clock)
  warmth.note('https://first.test')
  for (let index = 0; index < 1023; index++) warmth.note(`https://${index}.test`)
  await clock.advance(2_000)
  warmth.note('https://first.test')
  warmth.note('https://one-more.test')
  expect(warmth.isWarm('https://first.test')).toBe(true)
  expect(warmth.isWarm('https://0.test')).toBe(false)
})
