import { describe, expect, test } from 'bun:test'
import { endedRequest, watchedSnapshot } from '../../test/support/ended-request.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { EndedRequest } from './ended-request.ts'
import { EndedRequests } from './ended-requests.ts'

const snapshot = watchedSnapshot()

interface Setup {
  readonly clock: ManualClock
  readonly ended: EndedRequests
  readonly heard: string[]
  readonly faults: unknown[]
}

function setup(): Setup {
  const clock = new ManualClock()
  const heard: string[] = []
  const faults: unknown[] = []
  const listeners = [
    () => {
      throw new TypeError('a listener with a fault')
    },
    ({ requestId }: EndedRequest) => void heard.push(requestId),
  ]
  return { clock, heard, faults, ended: new EndedRequests(clock, listeners, (error) => void faults.push(error)) }
}

describe('requests that have ended', () => {
  test('are told later, in their order, each once', async () => {
    const { clock, ended, heard } = setup()
    ended.take(endedRequest(snapshot, { requestId: 'a' }))
    ended.take(endedRequest(snapshot, { requestId: 'b' }))
    expect(heard).toEqual([])
    await clock.advance(250)
    expect(heard).toEqual(['a', 'b'])
    await clock.advance(1_000)
    expect(heard).toEqual(['a', 'b'])
  })

  test('are never held in numbers', () => {
    const { ended, heard } = setup()
    for (let index = 0; index < 100; index++) ended.take(endedRequest(snapshot, { requestId: String(index) }))
    expect(heard.length).toBeGreaterThanOrEqual(100 - 32)
  })

  test('leave no timer when none come', async () => {
    const { clock, ended } = setup()
    expect(clock.pending).toBe(0)
    ended.take(endedRequest(snapshot))
    expect(clock.pending).toBe(1)
    await clock.advance(500)
    expect(clock.pending).toBe(0)
  })

  test('are told to all listeners, although one has a fault, and the fault is told', () => {
    const { ended, heard, faults } = setup()
    ended.take(endedRequest(snapshot, { requestId: 'a' }))
    ended.tell()
    expect([heard, String(faults[0])]).toEqual([['a'], 'TypeError: a listener with a fault'])
  })

  test('are told at the end', () => {
    const { clock, ended, heard } = setup()
    ended.take(endedRequest(snapshot, { requestId: 'a' }))
    ended.close()
    expect([heard, clock.pending]).toEqual([['a'], 0])
  })
})
