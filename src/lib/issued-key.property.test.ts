import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { hashOfIssuedKey, isKeyId, looksIssued, newIssuedKey, newKeyId, parseIssuedKey } from './issued-key.ts'

const issued = (kind: 'key' | 'invitation' = 'key'): { id: string; text: string } => {
  const id = newKeyId(randomBytes)
  return { id, text: newIssuedKey(kind, id, randomBytes) }
}

describe('an issued key', () => {
  test('has a form that scanners find, and a length that never changes', () => {
    for (let count = 0; count < 200; count++) {
      const { id, text } = issued()
      expect(text).toMatch(/^sbk_[0-9a-z]{12}_[0-9A-Za-z]{38}$/)
      expect(isKeyId(id)).toBe(true)
      expect(text.startsWith(`${id}_`)).toBe(true)
      expect(parseIssuedKey(text)).toEqual({ kind: 'key', id })
    }
  })

  test('is told from an invitation to the same key', () => {
    const { id, text } = issued('invitation')
    expect(text).toMatch(/^sbi_/)
    expect(parseIssuedKey(text)).toEqual({ kind: 'invitation', id })
    expect(parseIssuedKey(text.replace('sbi_', 'sbk_'))).toBeUndefined()
  })

  test('with any one character changed, or two neighbours swapped, is told to be mistyped', () => {
    const { text } = issued()
    const letter = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_'.split(''))
    fc.assert(
      fc.property(fc.nat(text.length - 1), letter, (place, other) => {
        fc.pre(text[place] !== other)
        expect(parseIssuedKey(text.slice(0, place) + other + text.slice(place + 1))).toBeUndefined()
      }),
    )
    fc.assert(
      fc.property(fc.nat(text.length - 2), (place) => {
        fc.pre(text[place] !== text[place + 1])
        const swapped = text.slice(0, place) + text[place + 1] + text[place] + text.slice(place + 2)
        expect(parseIssuedKey(swapped)).toBeUndefined()
      }),
    )
  })

  test('that was cut off, or copied with something behind it, is no key but looks like one', () => {
    const { text } = issued()
    fc.assert(
      fc.property(fc.integer({ min: 4, max: text.length - 1 }), (length) => {
        expect(parseIssuedKey(text.slice(0, length))).toBeUndefined()
        expect(looksIssued(text.slice(0, length))).toBe(true)
      }),
    )
    expect(parseIssuedKey(`${text}.`)).toBeUndefined()
  })

  test('never comes of any other text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => expect(parseIssuedKey(text)).toBeUndefined()))
    expect(looksIssued('sk-ant-api03-x')).toBe(false)
    for (const quote of ['"', "'", '`']) expect(looksIssued(`${quote}sbk_0${quote}`)).toBe(true)
  })

  test('is kept as its SHA-256', () => {
    expect(hashOfIssuedKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  test('uses every letter, and bytes that would make some likelier are thrown away', () => {
    let next = 255
    const id = newKeyId((count) => Uint8Array.from({ length: count }, () => (next = (next + 1) % 256)))
    expect(id).toBe('sbk_0123456789ab')
    const counting = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_unused, index) => 248 + (index % 9))
    expect(newIssuedKey('key', id, counting)).toStartWith(`${id}_${'0'.repeat(32)}`)
  })
})
