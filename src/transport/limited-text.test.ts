import { expect, test } from 'bun:test'
import { limitedText } from './limited-text.ts'

/** An answer without an end, and whether it was given up. */
function endless(piece: string): { readonly response: Response; readonly given: Promise<void> } {
  const given = Promise.withResolvers<void>()
  const bytes = Buffer.from(piece)
  const body = new ReadableStream({ pull: (controller) => controller.enqueue(bytes), cancel: () => given.resolve() })
  return { response: new Response(body), given: given.promise }
}

test('a short answer is read whole, characters of several bytes too', async () => {
  const pieces = [...Buffer.from('zoë €')].map((byte) => Uint8Array.of(byte))
  const body = new ReadableStream({
    pull(controller) {
      const piece = pieces.shift()
      if (piece === undefined) controller.close()
      else controller.enqueue(piece)
    },
  })
  expect(await limitedText(new Response(body), 100)).toBe('zoë €')
  expect(await limitedText(new Response(null), 100)).toBe('')
})

test('of a long answer the beginning is read and the rest given up', async () => {
  const { response, given } = endless('abc')
  expect(await limitedText(response, 7)).toBe('abcabca')
  await given
})

test('an answer that is as long as may be is not waited for any longer', async () => {
  const given = Promise.withResolvers<void>()
  let pieces = 0
  const body = new ReadableStream({
    pull: (controller) => (pieces++ < 2 ? controller.enqueue(Buffer.from('abc')) : new Promise<void>(() => undefined)),
    cancel: () => given.resolve(),
  })
  expect(await limitedText(new Response(body), 6)).toBe('abcabc')
  await given.promise
})

test('an answer that breaks off is no short one', async () => {
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) })
  expect(limitedText(new Response(body), 7)).rejects.toThrow('gone')
})
