import { expect, test } from 'bun:test'
import { unwrapState, wrapState } from './carrier.ts'

test('state comes out of its envelope as it went in', () => {
  const state = { origin: 'anthropic', id: 'r1', signature: 's', details: [{ type: 'x' }] } as const
  expect(unwrapState(wrapState({ ...state, details: [...state.details] }))).toEqual({ ...state, details: [{ type: 'x' }] })
})

test('of an envelope that a client has changed only what is of the right type is believed', () => {
  const envelope = wrapState({ origin: 'gemini', signature: { a: 1 }, redacted: 7, details: 'x', callId: 'c' } as never)
  expect(unwrapState(envelope)).toEqual({ origin: 'gemini', callId: 'c' })
})

test.each(['', 'sbk1.', 'sbk1.nobody.e30', 'sbk1.gemini.', 'sbk1.gemini.%%%', `sbk1.gemini.${btoa('[]')}`, 'opaque'])(
  'what is no envelope is a foreign string: %j',
  (text) => {
    expect(unwrapState(text)).toBeUndefined()
  },
)
