import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { openAnswer, sealAnswer } from './sealed-answer.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const SECRET = { key: 'once', body: bytes('{"model":"m"}') }

test('an answer comes out again with the same key, body and context, and with nothing else', () => {
  const sealed = sealAnswer(bytes('the answer'), SECRET, 'call')
  expect(Buffer.from(sealed).toString()).not.toContain('the answer')
  expect(openAnswer(sealed, SECRET, 'call')).toEqual(bytes('the answer'))
  expect(openAnswer(sealed, { ...SECRET, key: 'twice' }, 'call')).toBeUndefined()
  expect(openAnswer(sealed, { ...SECRET, body: bytes('{"model":"n"}') }, 'call')).toBeUndefined()
  expect(openAnswer(sealed, SECRET, 'another call')).toBeUndefined()
})

test('the same answer is never sealed the same way twice', () => {
  expect(sealAnswer(bytes('a'), SECRET, 'call')).not.toEqual(sealAnswer(bytes('a'), SECRET, 'call'))
})

test('whatever else is given is none, and nothing breaks', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (given) => {
      expect(openAnswer(given, SECRET, 'call')).toBeUndefined()
    }),
  )
  const sealed = sealAnswer(bytes('the answer'), SECRET, 'call')
  for (let index = 0; index < sealed.length; index++) {
    const damaged = sealed.slice()
    damaged[index]! ^= 1
    expect(openAnswer(damaged, SECRET, 'call')).toBeUndefined()
  }
})
