import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { BatchSender } from './batch-sender.ts'
import { openBatchSpool } from './batch-spool.ts'
import { exampleRecord, packWhole } from './conformance.ts'

/** A database that takes batches, or does not. */
class FakeTable {
  readonly kept = new Map<string, number>()
  /** What the next sending does; undefined takes the batch. */
  fault: Error | 'hangs' | undefined
  sent = 0

  send = (key: string, row: readonly unknown[]): Promise<void> => {
    this.sent += 1
    if (this.fault === 'hangs') return new Promise(() => undefined)
    if (this.fault !== undefined) return Promise.reject(this.fault)
    this.kept.set(key, Number(row[4]))
    return Promise.resolve()
  }

  get records(): number {
    return [...this.kept.values()].reduce((sum, size) => sum + size, 0)
  }
}

describe('records on their way to a database', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })
  const newPath = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-spool-'))
    folders.push(folder)
    return join(folder, 'spool')
  }
  const sender = (table: FakeTable, clock: ManualClock, { path, maxQueued }: { path?: string; maxQueued?: number } = {}) => {
    const warnings: string[] = []
    const queue = new BatchSender({
      clock,
      warn: (message) => warnings.push(message),
      writer: 'w',
      send: table.send,
      isHopeless: (error) => error instanceof RangeError,
      spool: path === undefined ? undefined : openBatchSpool(path),
      maxQueued,
    })
    const append = (...ids: string[]): void => {
      for (const id of ids) queue.append(packWhole(exampleRecord({ request_id: id })))
    }
    return { queue, append, warnings }
  }

  test('are sent within a quarter of a second, together', async () => {
    const [table, clock] = [new FakeTable(), new ManualClock()]
    const { append, queue } = sender(table, clock)
    append('a', 'b', 'c')
    await clock.advance(199)
    expect(table.sent).toBe(0)
    await clock.advance(1)
    expect([...table.kept.values()]).toEqual([3])
    expect(queue.waiting).toBe(0)
    await clock.advance(1_000)
    expect(clock.pending).toBe(0)
  })

  test('are sent again under the same name until they are taken, with one word at each end of the outage', async () => {
    const [table, clock] = [new FakeTable(), new ManualClock()]
    const { append, queue, warnings } = sender(table, clock)
    table.fault = new Error('down')
    append('a')
    await clock.advance(3_000)
    append('b')
    await clock.advance(3_000)
    expect(warnings).toHaveLength(1)
    expect(table.sent).toBeLessThanOrEqual(7)
    table.fault = undefined
    await clock.advance(1_200)
    expect([...table.kept]).toEqual([
      ['w-1', 1],
      ['w-2', 1],
    ])
    expect(warnings).toHaveLength(2)
    expect(queue.waiting).toBe(0)
  })

  test('that the database will never take do not hold up the others, and are counted', async () => {
    const [table, clock] = [new FakeTable(), new ManualClock()]
    const { append, queue, warnings } = sender(table, clock)
    table.fault = new RangeError('not storable')
    append('a', 'b')
    await clock.advance(200)
    table.fault = undefined
    append('c')
    await clock.advance(400)
    expect(table.records).toBe(1)
    expect(queue.backlog.dropped).toBe(2)
    expect(warnings[0]).toContain('lost')
  })

  test('beyond the bound are counted and dropped', async () => {
    const [table, clock] = [new FakeTable(), new ManualClock()]
    const { append, queue } = sender(table, clock, { maxQueued: 3 })
    table.fault = 'hangs'
    append('a', 'b', 'c', 'd', 'e')
    await clock.advance(500)
    expect([queue.waiting, queue.backlog.dropped]).toEqual([3, 2])
  })

  test('that are not taken at once outlive the process, and the next one sends them once', async () => {
    const [table, clock, path] = [new FakeTable(), new ManualClock(), newPath()]
    const first = sender(table, clock, { path })
    table.fault = 'hangs'
    first.append('a', 'b')
    await clock.advance(250)
    expect(existsSync(path)).toBe(true)
    // The process is killed here: nothing of it is used any more. The batch may have reached the database or not.
    table.fault = undefined
    const second = sender(table, new ManualClock(), { path })
    expect(second.queue.waiting).toBe(2)
    await second.queue.drain()
    expect([...table.kept]).toEqual([['w-1', 2]])
    expect(existsSync(path)).toBe(false)
  })

  test('of which the file holds half a line are sent as far as they are whole', async () => {
    const [table, clock, path] = [new FakeTable(), new ManualClock(), newPath()]
    const first = sender(table, clock, { path })
    table.fault = 'hangs'
    first.append('a')
    await clock.advance(250)
    writeFileSync(path, '\n{"key":"w-2","row":["a', { flag: 'a' })
    first.append('b')
    await clock.advance(250)
    table.fault = undefined
    const second = sender(table, new ManualClock(), { path })
    await second.queue.drain()
    expect([...table.kept.keys()]).toEqual(['w-1', 'w-2'])
  })

  test('go to no file while the database takes them in time', async () => {
    const [table, clock, path] = [new FakeTable(), new ManualClock(), newPath()]
    const { append } = sender(table, clock, { path })
    append('a')
    await clock.advance(1_000)
    expect(table.records).toBe(1)
    expect(existsSync(path)).toBe(false)
  })
})
