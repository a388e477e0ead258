import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { exampleRecord, packWhole } from './conformance.ts'
import { startRetention } from './retention.ts'
import { WriteQueue } from './write-queue.ts'
import type { PackedRecord } from './store.ts'

const record = (id: string): PackedRecord => packWhole(exampleRecord({ request_id: id }))

function setUp(options: { maxQueued?: number } = {}) {
  const clock = new ManualClock()
  const written: string[][] = []
  const warnings: string[] = []
  const disk = { full: false }
  const queue = new WriteQueue({
    clock,
    maxQueued: options.maxQueued,
    warn: (message) => warnings.push(message),
    write(records) {
      if (disk.full) throw new Error('disk full')
      written.push(records.map(({ requestId }) => requestId))
    },
  })
  return { clock, queue, written, warnings, disk }
}

describe('the write queue', () => {
  test('writes nothing while a request is being answered, and everything within 250 ms', async () => {
    const { clock, queue, written } = setUp()
    queue.append(record('a'))
    queue.append(record('b'))
    expect(written).toEqual([])
    await clock.advance(250)
    expect(written).toEqual([['a', 'b']])
  })

  test('has no timer while there is nothing to write', async () => {
    const { clock, queue, written } = setUp()
    queue.append(record('a'))
    await clock.advance(1000)
    queue.append(record('b'))
    await clock.advance(250)
    expect(written).toEqual([['a'], ['b']])
  })

  test('writes what is left when it is closed', async () => {
    const { queue, written } = setUp()
    queue.append(record('a'))
    queue.close()
    expect(written).toEqual([['a']])
  })

  test('keeps a bounded number while the disk is full, warns once, and catches up', async () => {
    const { clock, queue, written, warnings, disk } = setUp({ maxQueued: 3 })
    disk.full = true
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      queue.append(record(id))
      await clock.advance(5000)
    }
    expect(warnings).toHaveLength(2)
    disk.full = false
    await clock.advance(5000)
    expect(written).toEqual([['a', 'b', 'c']])
    expect(warnings.at(-1)).toContain('written again')
  })

  test('does not try again at once after a failure, so that a locked disk does not stall requests', async () => {
    const { clock, queue, disk } = setUp()
    let attempts = 0
    const counting = new WriteQueue({
      clock,
      warn: () => undefined,
      write() {
        attempts += 1
        throw new Error('locked')
      },
    })
    disk.full = true
    counting.append(record('a'))
    await clock.advance(1500)
    expect(attempts).toBe(1)
    await clock.advance(1500)
    expect(attempts).toBe(2)
    queue.close()
  })
})

describe('retention', () => {
  test('deletes what is older than asked, every ten minutes, until it is stopped', async () => {
    const clock = new ManualClock(1_000_000_000)
    const asked: number[] = []
    const store = { prune: async (beforeMs: number) => asked.push(beforeMs) }
    const stop = startRetention({ store, clock, keepMs: () => 60_000, warn: () => undefined })
    await clock.advance(10 * 60_000)
    expect(asked).toEqual([1_000_000_000 + 10 * 60_000 - 60_000])
    stop()
    await clock.advance(60 * 60_000)
    expect(asked).toHaveLength(1)
  })

  test('does not start again while it is still running', async () => {
    const clock = new ManualClock()
    let runs = 0
    const store = {
      prune: () => {
        runs += 1
        return new Promise<number>(() => undefined)
      },
    }
    startRetention({ store, clock, keepMs: () => 1, warn: () => undefined })
    await clock.advance(60 * 60_000)
    expect(runs).toBe(1)
  })
})
