import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { PackedTexts } from './packed-texts.ts'

describe('packed texts', () => {
  test('hold what a map holds, whatever is set, replaced and deleted', () => {
    const key = fc.oneof(fc.integer({ min: 0, max: 40 }).map(String), fc.string({ maxLength: 8 }))
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.constant('set' as const), key, fc.string({ maxLength: 60, unit: 'grapheme' })) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('delete' as const), key, fc.constant('')) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const map = new Map<string, string>()
        const packed = new PackedTexts()
        for (const [action, name, text] of steps) {
          if (action === 'set') {
            map.set(name, text)
            packed.set(name, text)
          } else {
            map.delete(name)
            packed.delete(name)
          }
        }
        expect(packed.size).toBe(map.size)
        for (const [, name] of steps) expect(packed.get(name)).toBe(map.get(name) as string)
      }),
    )
  })

  test('take little more than the texts themselves, also after each was replaced many times', () => {
    const packed = new PackedTexts()
    for (let round = 0; round < 10; round++)
      for (let index = 0; index < 10_000; index++) packed.set(`key-${index}`, `text ${index} of round ${round}`.padEnd(100, '.'))
    expect(packed.get('key-9999')).toBe('text 9999 of round 9'.padEnd(100, '.'))
    expect(packed.heldBytes).toBeLessThan(10_000 * 120 * 2.5)
  })

  test('are gone after clear', () => {
    const packed = new PackedTexts()
    packed.set('a', 'b')
    packed.clear()
    expect([packed.size, packed.get('a')]).toEqual([0, undefined])
    packed.set('c', 'd')
    expect(packed.get('c')).toBe('d')
  })
})
