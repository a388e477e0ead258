import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import type { CallPriority } from '../../ir/limits.ts'
import { Deadlines } from '../../lib/deadlines.ts'
import { FairQueue } from './fair-queue.ts'

interface World {
  readonly clock: ManualClock
  readonly queue: FairQueue
  /** Flows in the order in which they were served. */
  readonly served: string[]
  readonly refused: string[]
  free: number
  call(flow: string, options?: { priority?: CallPriority; lastsMs?: number; signal?: AbortSignal; error?: Error }): void
}

function open(places: number, { timeoutMs = 10_000, maxQueued = 1_000 } = {}): World {
  const clock = new ManualClock()
  const queue = new FairQueue({ clock, deadlines: new Deadlines(clock), timeoutMs, maxQueued })
  const world: World = {
    clock,
    queue,
    served: [],
    refused: [],
    free: places,
    call(flow, { priority = 'normal', lastsMs = Infinity, signal = new AbortController().signal, error } = {}) {
      const acquire = (): boolean => {
        if (error !== undefined && world.queue.size > 0) throw error
        if (world.free === 0) return false
        world.free--
        return true
      }
      const giveBack = (): void => void world.free++
      const entering = async (): Promise<number> => queue.enter({ flow, priority, signal, acquire, giveBack })
      entering().then(
        async () => {
          world.served.push(flow)
          if (lastsMs === Infinity) return
          await clock.sleep(lastsMs)
          world.free++
          queue.left(flow)
        },
        (reason: { code?: string; message: string }) => void world.refused.push(`${flow}: ${reason.code ?? reason.message}`),
      )
    },
  }
  return world
}

/** 1 when all got the same, 1/n when one got everything. */
const jain = (shares: readonly number[]): number =>
  shares.reduce((sum, share) => sum + share, 0) ** 2 / (shares.length * shares.reduce((sum, share) => sum + share ** 2, 0))

describe('a queue for places', () => {
  test('lets calls in at once while there are places, and the others in the order of arrival', async () => {
    const world = open(1)
    for (const flow of ['a', 'a2', 'a3']) world.call(flow, { lastsMs: 100 })
    await world.clock.advance(0)
    expect(world.served).toEqual(['a'])
    await world.clock.advance(250)
    expect(world.served).toEqual(['a', 'a2', 'a3'])
    expect([world.queue.size, world.refused]).toEqual([0, []])
  })

  test('shares places out evenly, however unevenly calls arrive', async () => {
    const world = open(4, { timeoutMs: 60_000, maxQueued: 10_000 })
    const rates = { flood: 20, busy: 6, steady: 2, other: 2 }
    for (let tick = 0; tick < 200; tick++) {
      for (const [flow, calls] of Object.entries(rates))
        for (let call = 0; call < calls; call++) world.call(flow, { lastsMs: 200 })
      await world.clock.advance(100)
    }
    const shares = Object.keys(rates).map((flow) => world.served.filter((served) => served === flow).length)
    expect(Math.min(...shares)).toBeGreaterThan(50)
    expect(jain(shares)).toBeGreaterThanOrEqual(0.95)
  })

  test('shares out time, not calls: long calls of one flow do not crowd out short ones of another', async () => {
    const world = open(4, { timeoutMs: 60_000 })
    for (let call = 0; call < 60; call++) {
      world.call('long', { lastsMs: 2_000 })
      world.call('short', { lastsMs: 100 })
    }
    await world.clock.advance(1_000)
    expect(world.served.filter((flow) => flow === 'long').length).toBe(2)
    expect(world.served.filter((flow) => flow === 'short').length).toBeGreaterThanOrEqual(18)
  })

  test('serves a higher priority first', async () => {
    const world = open(1)
    world.call('first', { lastsMs: 100 })
    world.call('batch', { priority: 'low', lastsMs: 100 })
    world.call('people', { lastsMs: 100 })
    world.call('pager', { priority: 'high', lastsMs: 100 })
    await world.clock.advance(500)
    expect(world.served).toEqual(['first', 'pager', 'people', 'batch'])
  })

  test('lets nobody wait longer than it may, and says when to come back', async () => {
    const world = open(1, { timeoutMs: 1_000 })
    world.call('a')
    world.call('b')
    await world.clock.advance(1_100)
    expect([world.served, world.refused, world.queue.size]).toEqual([['a'], ['b: admission_timeout'], 0])
    expect(world.clock.pending).toBe(0)
  })

  test('has an end', async () => {
    const world = open(1, { maxQueued: 2 })
    for (const flow of ['a', 'b', 'c', 'd']) world.call(flow)
    await world.clock.advance(0)
    expect(world.refused).toEqual(['d: admission_timeout'])
  })

  test('forgets a client that goes away, and one whose turn comes and may not be served', async () => {
    const world = open(1)
    const gone = new AbortController()
    world.call('a', { lastsMs: 100 })
    world.call('b', { signal: gone.signal })
    world.call('c', { error: new Error('over its limit') })
    world.call('d', { lastsMs: 100 })
    await world.clock.advance(0)
    gone.abort()
    await world.clock.advance(500)
    expect(world.served).toEqual(['a', 'd'])
    expect(world.refused).toEqual(['b: client_closed_request', 'c: over its limit'])
    expect(world.free).toBe(1)
  })

  test('finds places that came free elsewhere', async () => {
    const world = open(0)
    world.call('a')
    await world.clock.advance(50)
    expect(world.served).toEqual([])
    world.free++
    await world.clock.advance(100)
    expect(world.served).toEqual(['a'])
  })
})
