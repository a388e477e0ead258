import { expect, test } from 'bun:test'
import { untilAborted } from './until-aborted.ts'

test('gives what comes first: the outcome, or the reason of the signal', async () => {
  const leaving = new AbortController()
  expect(await untilAborted(Promise.resolve(1), leaving.signal)).toBe(1)
  const waiting = untilAborted(new Promise(() => undefined), leaving.signal)
  leaving.abort(new Error('gone'))
  expect(waiting).rejects.toThrow('gone')
})

test('a failure that nobody waits for any more is no fault of the process', async () => {
  const unheard: unknown[] = []
  const hear = (error: unknown): void => void unheard.push(error)
  process.on('unhandledRejection', hear)
  const failing = Promise.withResolvers<never>()
  expect(untilAborted(failing.promise, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
  failing.reject(new Error('later'))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', hear)
  expect(unheard).toEqual([])
})
