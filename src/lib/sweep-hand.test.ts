import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { SweepHand } from './sweep-hand.ts'

test('a hand goes round, and over nothing it says so', () => {
  const map = new Map([
    ['a', 1],
    ['b', 2],
  ])
  const hand = new SweepHand(map)
  expect([hand.next(), hand.next(), hand.next()]).toEqual([
    ['a', 1],
    ['b', 2],
    ['a', 1],
  ])
  map.clear()
  expect([hand.next(), hand.next()]).toEqual([undefined, undefined])
})

test('whatever comes and goes meanwhile, it meets everything that stays', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 60 }), (changes) => {
      const map = new Map<number, number>([[1_000, 0]])
      const hand = new SweepHand(map)
      const met = new Set<number>()
      for (const change of changes) {
        if (!map.delete(change)) map.set(change, change)
        const entry = hand.next()
        expect(entry !== undefined && map.has(entry[0])).toBe(true)
        met.add(entry?.[0] ?? -1)
      }
      for (let step = 0; step <= map.size; step++) met.add(hand.next()?.[0] ?? -1)
      expect([...map.keys()].every((key) => met.has(key))).toBe(true)
    }),
  )
})
